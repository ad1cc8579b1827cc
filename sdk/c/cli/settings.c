/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley settings: what others learn of the own user. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit settings(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_settings = {
    .name = "settings",
    .arguments = "[--read-receipts on|off] [--presence chats|nobody]",
    .summary = "Show or change what others learn of your user",
    .details =
        "Without flags it shows them. --read-receipts off: nobody is told what you read from then on, and in chats\n"
        "of two you are not told what the other one reads. --presence nobody: nobody is told whether you are "
        "online,\nnor are you of others.\n",
    .credentials = PL_CLI_AS_USER,
    .run = settings,
};

static void show(const struct pl_cli *cli, const parley_user *user)
{
    if (cli->json)
        pl_json_print(pl_json_user(user));
    else
        printf("read receipts  %s\npresence       %s\n", user->read_receipts == PARLEY_READ_RECEIPTS_OFF ? "off" : "on",
               user->presence == PARLEY_PRESENCE_AUDIENCE_NOBODY ? "nobody" : "chats");
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

static bool parse_audience(const char *text, parley_presence_audience *ret_audience)
{
    *ret_audience = strcmp(text, "nobody") == 0 ? PARLEY_PRESENCE_AUDIENCE_NOBODY : PARLEY_PRESENCE_AUDIENCE_CHATS;
    return *ret_audience == PARLEY_PRESENCE_AUDIENCE_NOBODY || strcmp(text, "chats") == 0;
}

static enum pl_cli_exit settings(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"read-receipts", required_argument, NULL, 'r'},
                                            {"presence", required_argument, NULL, 'p'},
                                            {NULL, 0, NULL, 0}};
    parley_user_update changes;
    enum pl_cli_exit connected;
    bool has_changes = false;
    int flag;
    parley_user_update_init(&changes);
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1) {
        bool is_taken = flag == 'r'   ? pl_cli_parse_receipts(optarg, &changes.read_receipts)
                        : flag == 'p' ? parse_audience(optarg, &changes.presence)
                                      : false;
        if (!is_taken)
            return pl_cli_usage(cli, NULL);
        has_changes = true;
    }
    connected = pl_cli_connect_with(cli, argc - optind, 0);
    return connected == PL_CLI_OK ? run(cli, &changes, has_changes) : connected;
}
