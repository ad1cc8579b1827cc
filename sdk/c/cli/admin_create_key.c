/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin create-key: an API key of an app, by the operator or the app itself. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit create_key(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_create_key = {
    .name = "admin create-key",
    .arguments = "APP_ID [NAME]",
    .summary = "Create an API key of an app (operator key, or a key of the app)",
    .details = "Prints the key. It is shown this once: only its hash is stored.\n",
    .credentials = PL_CLI_AS_APP,
    .run = create_key,
};

static enum pl_cli_exit create_key(struct pl_cli *cli, int argc, char **argv)
{
    parley_api_key *key = NULL;
    parley_error error;
    enum pl_cli_exit connected;
    if (argc < 2 || argc > 3)
        return pl_cli_usage(cli, "APP_ID is expected");
    connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_create_api_key(cli->client, argv[1], argc > 2 ? argv[2] : NULL, &key, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_api_key(key));
    else
        printf("%s\n", key->secret);
    parley_api_key_free(key);
    return PL_CLI_OK;
}
