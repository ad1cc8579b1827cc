/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin reactivate-user: a user is let in again. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit reactivate_user(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_reactivate_user = {
    .name = "admin reactivate-user",
    .arguments = "USER_ID",
    .summary = "Let a deactivated user in again (API key)",
    .credentials = PL_CLI_AS_APP,
    .run = reactivate_user,
};

static enum pl_cli_exit reactivate_user(struct pl_cli *cli, int argc, char **argv)
{
    parley_user *item = NULL;
    parley_error error;
    enum pl_cli_exit connected;
    if (argc != 2)
        return pl_cli_usage(cli, "USER_ID is expected");
    connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_reactivate_user(cli->client, argv[1], &item, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_user(item));
    else
        puts("reactivated");
    parley_user_free(item);
    return PL_CLI_OK;
}
