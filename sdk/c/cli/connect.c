/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* From settings to a client: which credentials are meant, and whether somebody answers. */
#include <stdio.h>

#include "sdk/c/cli/claims.h"
#include "sdk/c/cli/cli.h"

#define CONNECT_MS_MAX 5000

/* An app's key is meant by admin commands, by --as and by --api-key; a device's token otherwise, when there is one. */
static bool means_api_key(const struct pl_cli *cli)
{
    if (cli->command->credentials == PL_CLI_AS_DEVICE)
        return false;
    return cli->command->credentials == PL_CLI_AS_APP || cli->acting_user != NULL || cli->api_key_given ||
           cli->token == NULL;
}

static enum pl_cli_exit refuse_without(const struct pl_cli *cli)
{
    if (cli->command->credentials == PL_CLI_AS_APP || cli->acting_user != NULL)
        fputs("parley: no API key; give --api-key or set PARLEY_API_KEY\n", stderr);
    else
        fputs("parley: not logged in; run `parley login`, or set PARLEY_TOKEN\n", stderr);
    return PL_CLI_CREDENTIALS;
}

static enum pl_cli_exit make_client(struct pl_cli *cli)
{
    parley_error error;
    parley_options *options = parley_options_new();
    parley_status status;
    parley_options_set_endpoint(options, cli->endpoint);
    parley_options_set_timeout_ms(options, cli->timeout_ms);
    parley_options_set_client_name(options, "parley-cli");
    if (means_api_key(cli)) {
        parley_options_set_api_key(options, cli->api_key);
        parley_options_set_acting_user(options, cli->acting_user);
    } else {
        parley_options_set_token(options, cli->token);
        if (cli->token_command != NULL)
            parley_options_set_token_provider(options, pl_cli_run_token_command, (void *)(uintptr_t)cli->token_command);
    }
    status = parley_client_new(options, &cli->client, &error);
    parley_options_free(options);
    if (status == PARLEY_OK)
        return PL_CLI_OK;
    fprintf(stderr, "parley: %s\n", error.sentence);
    return PL_CLI_USAGE;
}

enum pl_cli_exit pl_cli_connect(struct pl_cli *cli)
{
    parley_error error;
    enum pl_cli_exit made;
    if ((means_api_key(cli) ? cli->api_key : cli->token) == NULL)
        return refuse_without(cli);
    made = make_client(cli);
    if (made != PL_CLI_OK)
        return made;
    if (parley_client_connect(cli->client, cli->timeout_ms < CONNECT_MS_MAX ? cli->timeout_ms : CONNECT_MS_MAX,
                              &error) == PARLEY_OK)
        return PL_CLI_OK;
    return pl_cli_fail(cli, &error);
}

enum pl_cli_exit pl_cli_connect_with(struct pl_cli *cli, int argument_count, int expected)
{
    if (argument_count == expected)
        return pl_cli_connect(cli);
    return pl_cli_usage(cli, argument_count < expected ? "an argument is missing" : "there are too many arguments");
}

enum pl_cli_exit pl_cli_own_user(const struct pl_cli *cli, char ret_user_id[PARLEY_ID_BYTES])
{
    struct pl_claims claims;
    if (cli->acting_user != NULL) {
        snprintf(ret_user_id, PARLEY_ID_BYTES, "%s", cli->acting_user);
        return PL_CLI_OK;
    }
    if (means_api_key(cli) && cli->api_key != NULL)
        return pl_cli_usage(cli, "with an API key, name the user with --as");
    if (cli->token == NULL || !pl_claims_read(cli->token, &claims))
        return refuse_without(cli);
    memcpy(ret_user_id, claims.user_id, PARLEY_ID_BYTES);
    return PL_CLI_OK;
}
