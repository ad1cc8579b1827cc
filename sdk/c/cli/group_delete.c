/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley group delete: a group ends. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit group_delete(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_group_delete = {
    .name = "group delete",
    .arguments = "CHAT_ID",
    .summary = "End a group of yours: everybody leaves it",
    .credentials = PL_CLI_AS_USER,
    .run = group_delete,
};

static enum pl_cli_exit group_delete(struct pl_cli *cli, int argc, char **argv)
{
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_delete_chat(cli->client, argv[1], &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(json_pack("{s:s}", "chat_id", argv[1]));
    else
        puts("deleted");
    return PL_CLI_OK;
}
