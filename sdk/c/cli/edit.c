/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley edit: another text for one's own message. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit edit(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_edit = {
    .name = "edit",
    .arguments = "MESSAGE_ID TEXT",
    .summary = "Change the text of a message of yours",
    .credentials = PL_CLI_AS_USER,
    .run = edit,
};

static enum pl_cli_exit edit(struct pl_cli *cli, int argc, char **argv)
{
    parley_edit body;
    parley_message *message = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 2);
    if (connected != PL_CLI_OK)
        return connected;
    parley_edit_init(&body);
    body.text = argv[2];
    if (parley_edit_message(cli->client, argv[1], &body, &message, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_message(message));
    else
        puts("edited");
    parley_message_free(message);
    return PL_CLI_OK;
}
