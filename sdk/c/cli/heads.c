/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley heads: where each chat begins, how long it is, and how far it was read. */
#include <stdio.h>

#include "sdk/c/cli/json.h"
#include "sdk/c/cli/list.h"

static enum pl_cli_exit heads(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_heads = {
    .name = "heads",
    .arguments = "",
    .summary = "List how long each chat is, and how far you have read it",
    .details = "The chat of your own account events is one of them.\n",
    .credentials = PL_CLI_AS_USER,
    .run = heads,
};

static void print_line(const struct pl_cli *cli, const parley_head *head)
{
    if (cli->json)
        pl_json_print(json_pack("{s:s, s:I, s:I, s:I}", "chat_id", head->chat_id, "first_seq",
                                (json_int_t)head->first_seq, "last_seq", (json_int_t)head->last_seq, "read_seq",
                                (json_int_t)head->read_seq));
    else if (head->first_seq > 1)
        printf("%s  %lld entries, gone before %lld  read %lld\n", head->chat_id, (long long)head->last_seq,
               (long long)head->first_seq, (long long)head->read_seq);
    else
        printf("%s  %lld entries  read %lld\n", head->chat_id, (long long)head->last_seq, (long long)head->read_seq);
}

static parley_status print_page(struct pl_cli_list *list, parley_error *ret_error)
{
    parley_heads *page = NULL;
    parley_status status = parley_list_heads(list->cli->client, PL_CLI_PAGE_SIZE, list->page_token, &page, ret_error);
    if (status != PARLEY_OK)
        return status;
    for (size_t i = 0; i < page->count; i++)
        print_line(list->cli, &page->items[i]);
    pl_cli_list_turn(list, page->next_page_token);
    parley_heads_free(page);
    return PARLEY_OK;
}

static enum pl_cli_exit heads(struct pl_cli *cli, int argc, char **argv)
{
    (void)argv;
    if (argc != 1)
        return pl_cli_usage(cli, "no arguments are expected");
    return pl_cli_print_list(cli, NULL, print_page);
}
