/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin list-keys: the API keys of an app. */
#include "sdk/c/cli/admin_show.h"
#include "sdk/c/cli/list.h"

static enum pl_cli_exit list_keys(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_list_keys = {
    .name = "admin list-keys",
    .arguments = "APP_ID",
    .summary = "List the API keys of an app, newest first (operator key, or a key of the app)",
    .credentials = PL_CLI_AS_APP,
    .run = list_keys,
};

static parley_status print_page(struct pl_cli_list *list, parley_error *ret_error)
{
    parley_api_keys *page = NULL;
    parley_status status =
        parley_list_api_keys(list->cli->client, list->of, PL_CLI_PAGE_SIZE, list->page_token, &page, ret_error);
    if (status != PARLEY_OK)
        return status;
    for (size_t i = 0; i < page->count; i++)
        pl_admin_show_key(list->cli, page->items[i]);
    pl_cli_list_turn(list, page->next_page_token);
    parley_api_keys_free(page);
    return PARLEY_OK;
}

static enum pl_cli_exit list_keys(struct pl_cli *cli, int argc, char **argv)
{
    if (argc != 2)
        return pl_cli_usage(cli, "APP_ID is expected");
    return pl_cli_print_list(cli, argv[1], print_page);
}
