/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley presence: whether a user is there. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/terminal.h"

static enum pl_cli_exit presence(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_presence = {
    .name = "presence",
    .arguments = "USER_ID",
    .summary = "Show whether a user is online, or when they last were",
    .details = "Of somebody with whom your user is in no chat, or who does not want it told, it says unknown.\n",
    .credentials = PL_CLI_AS_USER,
    .run = presence,
};

static void show_line(const parley_presence *found)
{
    if (found->online) {
        puts("online");
    } else if (found->last_seen_us == 0) {
        puts("unknown");
    } else {
        fputs("last seen ", stdout);
        pl_terminal_put_time(stdout, found->last_seen_us);
        putchar('\n');
    }
}

static enum pl_cli_exit presence(struct pl_cli *cli, int argc, char **argv)
{
    parley_presence *found = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_get_presence(cli->client, argv[1], &found, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_presence(found));
    else
        show_line(found);
    parley_presence_free(found);
    return PL_CLI_OK;
}
