/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin list-users: the users of an app. */
#include "sdk/c/cli/admin_show.h"
#include "sdk/c/cli/list.h"

static enum pl_cli_exit list_users(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_list_users = {
    .name = "admin list-users",
    .arguments = "",
    .summary = "List the users of the app, newest first (API key)",
    .credentials = PL_CLI_AS_APP,
    .run = list_users,
};

static parley_status print_page(struct pl_cli_list *list, parley_error *ret_error)
{
    parley_users *page = NULL;
    parley_status status = parley_list_users(list->cli->client, PL_CLI_PAGE_SIZE, list->page_token, &page, ret_error);
    if (status != PARLEY_OK)
        return status;
    for (size_t i = 0; i < page->count; i++)
        pl_admin_show_user(list->cli, page->items[i]);
    pl_cli_list_turn(list, page->next_page_token);
    parley_users_free(page);
    return PARLEY_OK;
}

static enum pl_cli_exit list_users(struct pl_cli *cli, int argc, char **argv)
{
    (void)argv;
    if (argc != 1)
        return pl_cli_usage(cli, "no arguments are expected");
    return pl_cli_print_list(cli, NULL, print_page);
}
