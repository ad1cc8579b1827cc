/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley read: a message and all before it in its chat have been read. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit mark_read(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_read = {
    .name = "read",
    .arguments = "MESSAGE_ID",
    .summary = "Mark a message, and all before it in its chat, as read",
    .credentials = PL_CLI_AS_USER,
    .run = mark_read,
};

static enum pl_cli_exit mark_read(struct pl_cli *cli, int argc, char **argv)
{
    parley_read_mark *mark = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_mark_read(cli->client, argv[1], &mark, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(
            json_pack("{s:s, s:I}", "chat_id", mark->chat_id, "last_read_seq", (json_int_t)mark->last_read_seq));
    else
        printf("read up to %lld\n", (long long)mark->last_read_seq);
    parley_read_mark_free(mark);
    return PL_CLI_OK;
}
