/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley receipts: who has a message, who has read it. */
#include <stdio.h>

#include "sdk/c/cli/json.h"
#include "sdk/c/cli/list.h"
#include "sdk/c/cli/terminal.h"

static enum pl_cli_exit receipts(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_receipts = {
    .name = "receipts",
    .arguments = "MESSAGE_ID",
    .summary = "List who has a message and who has read it",
    .credentials = PL_CLI_AS_USER,
    .run = receipts,
};

static void print_line(struct pl_cli_list *list, const parley_message_receipt *receipt)
{
    int64_t at_us = receipt->read_at_us > 0 ? receipt->read_at_us : receipt->delivered_at_us;
    if (list->cli->json) {
        pl_json_print(json_pack("{s:s, s:s, s:o, s:o}", "user_id", receipt->user_id, "status",
                                pl_json_status_word(receipt->status), "delivered_at",
                                pl_json_time(receipt->delivered_at_us), "read_at", pl_json_time(receipt->read_at_us)));
        return;
    }
    printf("%s  %-9s  ", receipt->user_id, pl_json_status_word(receipt->status));
    if (at_us > 0) {
        pl_terminal_put_time(stdout, at_us);
        fputs("  ", stdout);
    }
    pl_names_put(&list->names, stdout, receipt->user_id);
    putchar('\n');
}

static parley_status print_page(struct pl_cli_list *list, parley_error *ret_error)
{
    parley_message_receipts *page = NULL;
    parley_status status =
        parley_list_receipts(list->cli->client, list->of, PL_CLI_PAGE_SIZE, list->page_token, &page, ret_error);
    if (status != PARLEY_OK)
        return status;
    for (size_t i = 0; i < page->count; i++)
        print_line(list, &page->items[i]);
    pl_cli_list_turn(list, page->next_page_token);
    parley_message_receipts_free(page);
    return PARLEY_OK;
}

static enum pl_cli_exit receipts(struct pl_cli *cli, int argc, char **argv)
{
    if (argc != 2)
        return pl_cli_usage(cli, "MESSAGE_ID is expected");
    return pl_cli_print_list(cli, argv[1], print_page);
}
