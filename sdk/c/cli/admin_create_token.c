/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin create-token: a token for a device. */
#include <getopt.h>
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit create_token(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_create_token = {
    .name = "admin create-token",
    .arguments = "[--ttl SECONDS] USER_ID DEVICE_ID",
    .summary = "Mint a token for a device (API key)",
    .details = "Prints the token. --ttl is 60 to 86400; without it, a day.\n",
    .credentials = PL_CLI_AS_APP,
    .run = create_token,
};

static enum pl_cli_exit create(struct pl_cli *cli, char **ids, int ttl_seconds)
{
    parley_token *token = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_create_token(cli->client, ids[0], ids[1], ttl_seconds, &token, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(json_pack("{s:s, s:o}", "token", token->token, "expires_at", pl_json_time(token->expires_at_us)));
    else
        printf("%s\n", token->token);
    parley_token_free(token);
    return PL_CLI_OK;
}

static enum pl_cli_exit create_token(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"ttl", required_argument, NULL, 't'}, {NULL, 0, NULL, 0}};
    int ttl_seconds = 0;
    int flag;
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (flag != 't' || !pl_cli_parse_int(optarg, 60, 86400, &ttl_seconds))
            return pl_cli_usage(cli, flag == 't' ? "--ttl must be 60 to 86400 seconds" : NULL);
    if (argc - optind != 2)
        return pl_cli_usage(cli, "USER_ID and DEVICE_ID are expected");
    return create(cli, argv + optind, ttl_seconds);
}
