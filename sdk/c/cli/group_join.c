/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley group join: into an open group. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit group_join(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_group_join = {
    .name = "group join",
    .arguments = "CHAT_ID",
    .summary = "Join a group that is open",
    .credentials = PL_CLI_AS_USER,
    .run = group_join,
};

static enum pl_cli_exit group_join(struct pl_cli *cli, int argc, char **argv)
{
    parley_chat *chat = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_join_chat(cli->client, argv[1], &chat, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_chat(chat));
    else
        printf("%d members\n", chat->participant_count);
    parley_chat_free(chat);
    return PL_CLI_OK;
}
