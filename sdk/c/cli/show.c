/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley show: one message. */
#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/message_line.h"

static enum pl_cli_exit show(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_show = {
    .name = "show",
    .arguments = "MESSAGE_ID",
    .summary = "Show a message",
    .credentials = PL_CLI_AS_USER,
    .run = show,
};

static void print_line(const struct pl_cli *cli, const parley_message *message)
{
    struct pl_names names;
    pl_names_init(&names, cli->client);
    pl_message_line_print(cli, &names, message);
    pl_names_fini(&names);
}

static enum pl_cli_exit show(struct pl_cli *cli, int argc, char **argv)
{
    parley_message *message = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_get_message(cli->client, argv[1], &message, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_message(message));
    else
        print_line(cli, message);
    parley_message_free(message);
    return PL_CLI_OK;
}
