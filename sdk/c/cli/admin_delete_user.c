/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin delete-user: a user is gone for ever. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit delete_user(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_delete_user = {
    .name = "admin delete-user",
    .arguments = "USER_ID",
    .summary = "Delete a user for ever; messages stay (API key)",
    .credentials = PL_CLI_AS_APP,
    .run = delete_user,
};

static enum pl_cli_exit delete_user(struct pl_cli *cli, int argc, char **argv)
{
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_delete_user(cli->client, argv[1], &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(json_pack("{s:s}", "user_id", argv[1]));
    else
        puts("deleted");
    return PL_CLI_OK;
}
