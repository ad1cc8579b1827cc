/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin get-app, update-app: an app and its settings. */
#include <getopt.h>
#include <limits.h>
#include <string.h>

#include "sdk/c/cli/admin_show.h"
#include "sdk/c/cli/cli.h"

static enum pl_cli_exit get_app(struct pl_cli *cli, int argc, char **argv);
static enum pl_cli_exit update_app(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_get_app = {
    .name = "admin get-app",
    .arguments = "APP_ID",
    .summary = "Show an app (operator key, or a key of the app)",
    .credentials = PL_CLI_AS_APP,
    .run = get_app,
};

const struct pl_cli_command pl_cli_update_app = {
    .name = "admin update-app",
    .arguments = "[--name NAME] [--max-group-members N] [--retention-days N]\n"
                 "         [--until-delivered on|off] APP_ID",
    .summary = "Change an app's name or settings (operator key)",
    .details =
        "What is not named stays as it is. --retention-days: messages leave the server after so many days; 0: never.\n"
        "--until-delivered on: when every device of every member has them. Shows the app as it is then.\n",
    .credentials = PL_CLI_AS_APP,
    .run = update_app,
};

static enum pl_cli_exit get_app(struct pl_cli *cli, int argc, char **argv)
{
    parley_app *app = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_get_app(cli->client, argv[1], &app, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    pl_admin_show_app(cli, app);
    parley_app_free(app);
    return PL_CLI_OK;
}

static enum pl_cli_exit update(struct pl_cli *cli, const char *app_id, const parley_app_update *update)
{
    parley_app *app = NULL;
    parley_error error;
    if (parley_update_app(cli->client, app_id, update, &app, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    pl_admin_show_app(cli, app);
    parley_app_free(app);
    return PL_CLI_OK;
}

/* What the update points at. */
struct retention {
    int days;
    int until_delivered;
};

static bool take_flag(int flag, const char *value, struct retention *retention, parley_app_update *update)
{
    switch (flag) {
    case 'n':
        update->name = value;
        return true;
    case 'm':
        return pl_cli_parse_int(value, 1, INT_MAX, &update->max_group_members);
    case 'r':
        update->retention_days = &retention->days;
        return pl_cli_parse_int(value, 0, INT_MAX, &retention->days);
    case 'd':
        update->retention_until_delivered = &retention->until_delivered;
        retention->until_delivered = strcmp(value, "on") == 0;
        return retention->until_delivered || strcmp(value, "off") == 0;
    default:
        return false;
    }
}

static enum pl_cli_exit update_app(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"name", required_argument, NULL, 'n'},
                                            {"max-group-members", required_argument, NULL, 'm'},
                                            {"retention-days", required_argument, NULL, 'r'},
                                            {"until-delivered", required_argument, NULL, 'd'},
                                            {NULL, 0, NULL, 0}};
    parley_app_update changes;
    struct retention retention;
    enum pl_cli_exit connected;
    int flag;
    parley_app_update_init(&changes);
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!take_flag(flag, optarg, &retention, &changes))
            return pl_cli_usage(cli, NULL);
    if (changes.name == NULL && changes.max_group_members == 0 && changes.retention_days == NULL &&
        changes.retention_until_delivered == NULL)
        return pl_cli_usage(cli, "nothing is to change");
    connected = pl_cli_connect_with(cli, argc - optind, 1);
    return connected == PL_CLI_OK ? update(cli, argv[optind], &changes) : connected;
}
