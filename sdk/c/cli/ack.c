/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley ack: how far this device has its chats. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit ack(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_ack = {
    .name = "ack",
    .arguments = "CHAT SEQ [CHAT SEQ ...]",
    .summary = "Acknowledge what sync has shown, up to a place in each chat",
    .details = "What is acknowledged does not come again, and counts as delivered.\n",
    .credentials = PL_CLI_AS_DEVICE,
    .run = ack,
};

static bool parse_seq(const char *text, int64_t *ret_seq)
{
    char *end = NULL;
    errno = 0;
    *ret_seq = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *ret_seq >= 0;
}

static enum pl_cli_exit ack(struct pl_cli *cli, int argc, char **argv)
{
    size_t count = (size_t)(argc - 1) / 2;
    parley_cursor *acks = calloc(count + 1, sizeof *acks);
    enum pl_cli_exit result = PL_CLI_OK;
    parley_error error;
    if (acks == NULL || argc < 3 || argc % 2 == 0)
        result = pl_cli_usage(cli, "pairs of a chat and a seq are expected");
    for (size_t i = 0; acks != NULL && i < count && result == PL_CLI_OK; i++) {
        acks[i].chat_id = argv[1 + 2 * i];
        if (!parse_seq(argv[2 + 2 * i], &acks[i].seq))
            result = pl_cli_usage(cli, "a seq must be a whole number");
    }
    if (result == PL_CLI_OK)
        result = pl_cli_connect(cli);
    if (result == PL_CLI_OK && parley_ack_sync(cli->client, acks, count, &error) != PARLEY_OK)
        result = pl_cli_fail(cli, &error);
    if (result == PL_CLI_OK && cli->json)
        pl_json_print(json_object());
    else if (result == PL_CLI_OK)
        printf("acknowledged\n");
    free(acks);
    return result;
}
