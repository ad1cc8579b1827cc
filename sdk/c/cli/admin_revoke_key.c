/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin revoke-key: an API key is not good any more. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit revoke_key(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_revoke_key = {
    .name = "admin revoke-key",
    .arguments = "APP_ID KEY_ID",
    .summary = "Revoke an API key of an app (operator key, or a key of the app)",
    .credentials = PL_CLI_AS_APP,
    .run = revoke_key,
};

static enum pl_cli_exit revoke_key(struct pl_cli *cli, int argc, char **argv)
{
    parley_api_key *item = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 2);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_revoke_api_key(cli->client, argv[1], argv[2], &item, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_api_key(item));
    else
        puts("revoked");
    parley_api_key_free(item);
    return PL_CLI_OK;
}
