/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley blocks: whom the user blocks. */
#include <stdio.h>

#include "sdk/c/cli/json.h"
#include "sdk/c/cli/list.h"
#include "sdk/c/cli/terminal.h"

static enum pl_cli_exit blocks(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_blocks = {
    .name = "blocks",
    .arguments = "",
    .summary = "List the users that are blocked",
    .credentials = PL_CLI_AS_USER,
    .run = blocks,
};

static void print_line(struct pl_cli_list *list, const parley_block *block)
{
    if (list->cli->json) {
        pl_json_print(pl_json_block(block));
        return;
    }
    printf("%s  since ", block->blocked_user_id);
    pl_terminal_put_time(stdout, block->created_at_us);
    fputs("  ", stdout);
    pl_names_put(&list->names, stdout, block->blocked_user_id);
    putchar('\n');
}

static parley_status print_page(struct pl_cli_list *list, parley_error *ret_error)
{
    parley_blocks *page = NULL;
    parley_status status =
        parley_list_blocked_users(list->cli->client, list->of, PL_CLI_PAGE_SIZE, list->page_token, &page, ret_error);
    if (status != PARLEY_OK)
        return status;
    for (size_t i = 0; i < page->count; i++)
        print_line(list, &page->items[i]);
    pl_cli_list_turn(list, page->next_page_token);
    parley_blocks_free(page);
    return PARLEY_OK;
}

static enum pl_cli_exit blocks(struct pl_cli *cli, int argc, char **argv)
{
    char user_id[PARLEY_ID_BYTES];
    enum pl_cli_exit result;
    (void)argv;
    if (argc > 1)
        return pl_cli_usage(cli, "no arguments are expected");
    result = pl_cli_own_user(cli, user_id);
    return result == PL_CLI_OK ? pl_cli_print_list(cli, user_id, print_page) : result;
}
