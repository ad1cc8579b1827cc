/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley settings: what others learn of the own user. */
#include <getopt.h>
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit settings(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_settings = {
    .name = "settings",
    .arguments = "[--read-receipts on|off]",
    .summary = "Show or change what others learn of your user",
    .details =
        "Without flags it shows them. --read-receipts off: nobody is told what you read from then on, and in chats\n"
        "of two you are not told what the other one reads.\n",
    .credentials = PL_CLI_AS_USER,
    .run = settings,
};

static void show(const struct pl_cli *cli, const parley_user *user)
{
    if (cli->json)
        pl_json_print(pl_json_user(user));
    else
        printf("read receipts  %s\n", user->read_receipts == PARLEY_READ_RECEIPTS_OFF ? "off" : "on");
}

static enum pl_cli_exit run(struct pl_cli *cli, const parley_user_update *changes, bool has_changes)
{
    char user_id[PARLEY_ID_BYTES];
    parley_user *user = NULL;
    parley_error error;
    enum pl_cli_exit known = pl_cli_own_user(cli, user_id);
    if (known != PL_CLI_OK)
        return known;
    parley_status status = has_changes ? parley_update_user(cli->client, user_id, changes, &user, &error)
                                       : parley_get_user(cli->client, user_id, &user, &error);
    if (status != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    show(cli, user);
    parley_user_free(user);
    return PL_CLI_OK;
}

static enum pl_cli_exit settings(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"read-receipts", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
    parley_user_update changes;
    enum pl_cli_exit connected;
    bool has_changes = false;
    int flag;
    parley_user_update_init(&changes);
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (flag != 'r' || !pl_cli_parse_receipts(optarg, &changes.read_receipts))
            return pl_cli_usage(cli, NULL);
        has_changes = true;
    }
    connected = pl_cli_connect_with(cli, argc - optind, 0);
    return connected == PL_CLI_OK ? run(cli, &changes, has_changes) : connected;
}
