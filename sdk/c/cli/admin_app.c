/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin create-app, get-app, update-app: an app and its settings. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "sdk/c/cli/admin_show.h"
#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

#define SETTINGS                                                                                                       \
    "[--retention-days N] [--until-delivered on|off]\n"                                                                \
    "         [--user-messages-per-second N] [--user-bytes-per-second N] [--user-creates-per-second N]\n"              \
    "         [--app-messages-per-second N] [--app-bytes-per-second N] [--app-creates-per-second N] "
#define WHAT_SETTINGS_MEAN                                                                                             \
    "--retention-days: messages leave the server after so many days; 0: never. --until-delivered on: when every\n"     \
    "device of every member has them. What a user, or the app with all of its users, may send and create in a\n"       \
    "second: 0: what the server is set to; -1: as much as they like.\n"

static enum pl_cli_exit create_app(struct pl_cli *cli, int argc, char **argv);
static enum pl_cli_exit get_app(struct pl_cli *cli, int argc, char **argv);
static enum pl_cli_exit update_app(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_create_app = {
    .name = "admin create-app",
    .arguments = SETTINGS "NAME",
    .summary = "Create an app (operator key)",
    .details = WHAT_SETTINGS_MEAN "Prints the app's id.\n",
    .credentials = PL_CLI_AS_APP,
    .run = create_app,
};

const struct pl_cli_command pl_cli_get_app = {
    .name = "admin get-app",
    .arguments = "APP_ID",
    .summary = "Show an app (operator key, or a key of the app)",
    .credentials = PL_CLI_AS_APP,
    .run = get_app,
};

const struct pl_cli_command pl_cli_update_app = {
    .name = "admin update-app",
    .arguments = "[--name NAME] [--max-group-members N]\n         " SETTINGS "APP_ID",
    .summary = "Change an app's name or settings (operator key)",
    .details = "What is not named stays as it is. Shows the app as it is then.\n" WHAT_SETTINGS_MEAN,
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

static enum pl_cli_exit change(struct pl_cli *cli, const char *app_id, const parley_app_update *update)
{
    parley_app *app = NULL;
    parley_error error;
    if (parley_update_app(cli->client, app_id, update, &app, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    pl_admin_show_app(cli, app);
    parley_app_free(app);
    return PL_CLI_OK;
}

/* The first two are not for a new app. */
static const struct option options[] = {{"name", required_argument, NULL, 'n'},
                                        {"max-group-members", required_argument, NULL, 'm'},
                                        {"retention-days", required_argument, NULL, 'r'},
                                        {"until-delivered", required_argument, NULL, 'd'},
                                        {"user-messages-per-second", required_argument, NULL, 'M'},
                                        {"user-bytes-per-second", required_argument, NULL, 'B'},
                                        {"user-creates-per-second", required_argument, NULL, 'C'},
                                        {"app-messages-per-second", required_argument, NULL, '1'},
                                        {"app-bytes-per-second", required_argument, NULL, '2'},
                                        {"app-creates-per-second", required_argument, NULL, '3'},
                                        {NULL, 0, NULL, 0}};
static const struct option *const new_options = options + 2;

/* What the update points at. */
struct changes {
    int retention_days;
    int until_delivered;
    parley_app_limits limits;
};

static bool take_limit(const char *value, int *limit, const int **ret_limit)
{
    *ret_limit = limit;
    return pl_cli_parse_int(value, -1, INT_MAX, limit);
}

static bool take_limit_flag(int flag, const char *value, parley_app_limits *limits, parley_app_update *update)
{
    switch (flag) {
    case 'M':
        return take_limit(value, &limits->user_messages_per_second, &update->user_messages_per_second);
    case 'B':
        return take_limit(value, &limits->user_bytes_per_second, &update->user_bytes_per_second);
    case 'C':
        return take_limit(value, &limits->user_creates_per_second, &update->user_creates_per_second);
    case '1':
        return take_limit(value, &limits->app_messages_per_second, &update->app_messages_per_second);
    case '2':
        return take_limit(value, &limits->app_bytes_per_second, &update->app_bytes_per_second);
    case '3':
        return take_limit(value, &limits->app_creates_per_second, &update->app_creates_per_second);
    default:
        return false;
    }
}

static bool take_flag(int flag, const char *value, struct changes *changes, parley_app_update *update)
{
    switch (flag) {
    case 'n':
        update->name = value;
        return true;
    case 'm':
        return pl_cli_parse_int(value, 1, INT_MAX, &update->max_group_members);
    case 'r':
        update->retention_days = &changes->retention_days;
        return pl_cli_parse_int(value, 0, INT_MAX, &changes->retention_days);
    case 'd':
        update->retention_until_delivered = &changes->until_delivered;
        changes->until_delivered = strcmp(value, "on") == 0;
        return changes->until_delivered || strcmp(value, "off") == 0;
    default:
        return take_limit_flag(flag, value, &changes->limits, update);
    }
}

static enum pl_cli_exit create(struct pl_cli *cli, const parley_new_app *new_app)
{
    parley_app *app = NULL;
    parley_error error;
    if (parley_create_app(cli->client, new_app, &app, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_admin_json_app(app));
    else
        printf("%s\n", app->app_id);
    parley_app_free(app);
    return PL_CLI_OK;
}

/* What is not named is 0, which stands for the defaults. */
static enum pl_cli_exit create_app(struct pl_cli *cli, int argc, char **argv)
{
    parley_app_update unused;
    struct changes changes = {.retention_days = 0};
    enum pl_cli_exit connected;
    parley_new_app new_app;
    int flag;
    while ((flag = getopt_long(argc, argv, "", new_options, NULL)) != -1)
        if (!take_flag(flag, optarg, &changes, &unused))
            return pl_cli_usage(cli, NULL);
    connected = pl_cli_connect_with(cli, argc - optind, 1);
    if (connected != PL_CLI_OK)
        return connected;
    parley_new_app_init(&new_app);
    new_app.name = argv[optind];
    new_app.retention_days = changes.retention_days;
    new_app.retention_until_delivered = changes.until_delivered;
    new_app.limits = changes.limits;
    return create(cli, &new_app);
}

static enum pl_cli_exit update_app(struct pl_cli *cli, int argc, char **argv)
{
    parley_app_update update;
    struct changes changes;
    enum pl_cli_exit connected;
    bool is_change = false;
    int flag;
    parley_app_update_init(&update);
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!take_flag(flag, optarg, &changes, &update))
            return pl_cli_usage(cli, NULL);
        is_change = true;
    }
    if (!is_change)
        return pl_cli_usage(cli, "nothing is to change");
    connected = pl_cli_connect_with(cli, argc - optind, 1);
    return connected == PL_CLI_OK ? change(cli, argv[optind], &update) : connected;
}
