/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin list-users: the users of an app. */
#include "sdk/c/cli/admin_show.h"
#include "sdk/c/cli/cli.h"

#define PAGE_SIZE 100

static enum pl_cli_exit list_users(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_list_users = {
    .name = "admin list-users",
    .arguments = "",
    .summary = "List the users of the app, newest first (API key)",
    .credentials = PL_CLI_AS_APP,
    .run = list_users,
};

static enum pl_cli_exit list_users(struct pl_cli *cli, int argc, char **argv)
{
    parley_error error;
    parley_users *page = NULL;
    parley_users *next = NULL;
    enum pl_cli_exit connected;
    (void)argv;
    if (argc != 1)
        return pl_cli_usage(cli, "no arguments are expected");
    connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    do {
        const char *page_token = page != NULL ? page->next_page_token : NULL;
        parley_status status = parley_list_users(cli->client, PAGE_SIZE, page_token, &next, &error);
        parley_users_free(page);
        if (status != PARLEY_OK)
            return pl_cli_fail(cli, &error);
        page = next;
        for (size_t i = 0; i < page->count; i++)
            pl_admin_show_user(cli, page->items[i]);
    } while (page->next_page_token[0] != '\0');
    parley_users_free(page);
    return PL_CLI_OK;
}
