/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley hide: a message goes, for the user alone. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit hide(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_hide = {
    .name = "hide",
    .arguments = "MESSAGE_ID",
    .summary = "Delete a message for yourself alone",
    .credentials = PL_CLI_AS_USER,
    .run = hide,
};

static enum pl_cli_exit hide(struct pl_cli *cli, int argc, char **argv)
{
    int64_t seq = 0;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_hide_message(cli->client, argv[1], &seq, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(json_pack("{s:s, s:I}", "message_id", argv[1], "seq", (json_int_t)seq));
    else
        puts("hidden");
    return PL_CLI_OK;
}
