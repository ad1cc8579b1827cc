/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley react: an emoji at a message, or no longer. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit react(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_react = {
    .name = "react",
    .arguments = "MESSAGE_ID [EMOJI]",
    .summary = "React to a message, in place of your reaction before; without EMOJI, take it back",
    .credentials = PL_CLI_AS_USER,
    .run = react,
};

static enum pl_cli_exit react(struct pl_cli *cli, int argc, char **argv)
{
    const char *emoji = argc > 2 ? argv[2] : "";
    parley_message *message = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, argc > 2 ? 2 : 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_react_to_message(cli->client, argv[1], emoji, &message, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_message(message));
    else
        puts(emoji[0] != '\0' ? "reacted" : "taken back");
    parley_message_free(message);
    return PL_CLI_OK;
}
