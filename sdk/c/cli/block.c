/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley block, parley unblock: another user is kept away, or no longer. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit block(struct pl_cli *cli, int argc, char **argv);
static enum pl_cli_exit unblock(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_block = {
    .name = "block",
    .arguments = "USER_ID",
    .summary = "Block a user: no messages to or from them but in groups",
    .credentials = PL_CLI_AS_USER,
    .run = block,
};

const struct pl_cli_command pl_cli_unblock = {
    .name = "unblock",
    .arguments = "USER_ID",
    .summary = "Block a user no longer",
    .credentials = PL_CLI_AS_USER,
    .run = unblock,
};

/* Connects when there is one argument and somebody to act for. */
static enum pl_cli_exit begin(struct pl_cli *cli, int argc, char ret_user_id[PARLEY_ID_BYTES])
{
    enum pl_cli_exit result;
    if (argc != 2)
        return pl_cli_usage(cli, "USER_ID is expected");
    result = pl_cli_own_user(cli, ret_user_id);
    return result == PL_CLI_OK ? pl_cli_connect(cli) : result;
}

static enum pl_cli_exit block(struct pl_cli *cli, int argc, char **argv)
{
    char user_id[PARLEY_ID_BYTES];
    parley_block *item = NULL;
    parley_error error;
    enum pl_cli_exit begun = begin(cli, argc, user_id);
    if (begun != PL_CLI_OK)
        return begun;
    if (parley_block_user(cli->client, user_id, argv[1], &item, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_block(item));
    else
        puts("blocked");
    parley_block_free(item);
    return PL_CLI_OK;
}

static enum pl_cli_exit unblock(struct pl_cli *cli, int argc, char **argv)
{
    char user_id[PARLEY_ID_BYTES];
    parley_error error;
    enum pl_cli_exit begun = begin(cli, argc, user_id);
    if (begun != PL_CLI_OK)
        return begun;
    if (parley_unblock_user(cli->client, user_id, argv[1], &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(json_object());
    else
        puts("unblocked");
    return PL_CLI_OK;
}
