/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin rotate-key: a new secret for an API key, by the operator or the app itself. */
#include <getopt.h>
#include <stdio.h>

#include "sdk/c/cli/admin_show.h"
#include "sdk/c/cli/cli.h"

#define GRACE_S_MAX 86400

static enum pl_cli_exit rotate_key(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_rotate_key = {
    .name = "admin rotate-key",
    .arguments = "[--grace SECONDS] APP_ID KEY_ID",
    .summary = "Give an API key a new secret (operator key, or a key of the app)",
    .details = "Prints the key with its new secret. It is shown this once: only its hash is stored. The secret before\n"
               "is good for --grace seconds more, 0 to 86400; without it, 0.\n",
    .credentials = PL_CLI_AS_APP,
    .run = rotate_key,
};

static enum pl_cli_exit rotate(struct pl_cli *cli, char **ids, int grace_seconds)
{
    parley_api_key *key = NULL;
    parley_error error;
    if (parley_rotate_api_key(cli->client, ids[0], ids[1], grace_seconds, &key, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_admin_show_key(cli, key);
    else
        printf("%s\n", key->secret);
    parley_api_key_free(key);
    return PL_CLI_OK;
}

static enum pl_cli_exit rotate_key(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"grace", required_argument, NULL, 'g'}, {NULL, 0, NULL, 0}};
    int grace_seconds = 0;
    enum pl_cli_exit connected;
    int flag;
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (flag != 'g' || !pl_cli_parse_int(optarg, 0, GRACE_S_MAX, &grace_seconds))
            return pl_cli_usage(cli, flag == 'g' ? "--grace must be 0 to 86400 seconds" : NULL);
    connected = pl_cli_connect_with(cli, argc - optind, 2);
    return connected == PL_CLI_OK ? rotate(cli, argv + optind, grace_seconds) : connected;
}
