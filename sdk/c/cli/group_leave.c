/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley group leave: out of a group. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit group_leave(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_group_leave = {
    .name = "group leave",
    .arguments = "CHAT_ID",
    .summary = "Leave a group",
    .credentials = PL_CLI_AS_USER,
    .run = group_leave,
};

static enum pl_cli_exit group_leave(struct pl_cli *cli, int argc, char **argv)
{
    int64_t left_seq = 0;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_leave_chat(cli->client, argv[1], &left_seq, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(json_pack("{s:s, s:I}", "chat_id", argv[1], "left_seq", (json_int_t)left_seq));
    else
        puts("left");
    return PL_CLI_OK;
}
