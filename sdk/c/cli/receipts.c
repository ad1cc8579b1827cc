/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley receipts: who has a message, who has read it. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/names.h"
#include "sdk/c/cli/terminal.h"

#define PAGE_SIZE 100

static enum pl_cli_exit receipts(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_receipts = {
    .name = "receipts",
    .arguments = "MESSAGE_ID",
    .summary = "List who has a message and who has read it",
    .credentials = PL_CLI_AS_USER,
    .run = receipts,
};

static void print_line(struct pl_names *names, const parley_message_receipt *receipt)
{
    int64_t at_us = receipt->read_at_us > 0 ? receipt->read_at_us : receipt->delivered_at_us;
    printf("%s  %-9s  ", receipt->user_id, pl_json_status_word(receipt->status));
    if (at_us > 0) {
        pl_terminal_put_time(stdout, at_us);
        fputs("  ", stdout);
    }
    pl_names_put(names, stdout, receipt->user_id);
    putchar('\n');
}

static void print_page(const struct pl_cli *cli, struct pl_names *names, const parley_message_receipts *page)
{
    for (size_t i = 0; i < page->count; i++) {
        const parley_message_receipt *receipt = &page->items[i];
        if (cli->json)
            pl_json_print(json_pack(
                "{s:s, s:s, s:o, s:o}", "user_id", receipt->user_id, "status", pl_json_status_word(receipt->status),
                "delivered_at", pl_json_time(receipt->delivered_at_us), "read_at", pl_json_time(receipt->read_at_us)));
        else
            print_line(names, receipt);
    }
}

static enum pl_cli_exit print_all(struct pl_cli *cli, struct pl_names *names, const char *message_id)
{
    parley_error error;
    parley_message_receipts *page = NULL;
    parley_message_receipts *next = NULL;
    do {
        parley_status status = parley_list_receipts(cli->client, message_id, PAGE_SIZE,
                                                    page != NULL ? page->next_page_token : NULL, &next, &error);
        parley_message_receipts_free(page);
        if (status != PARLEY_OK)
            return pl_cli_fail(cli, &error);
        page = next;
        print_page(cli, names, page);
    } while (page->next_page_token[0] != '\0');
    parley_message_receipts_free(page);
    return PL_CLI_OK;
}

static enum pl_cli_exit receipts(struct pl_cli *cli, int argc, char **argv)
{
    struct pl_names names;
    enum pl_cli_exit result;
    if (argc != 2)
        return pl_cli_usage(cli, "MESSAGE_ID is expected");
    result = pl_cli_connect(cli);
    if (result != PL_CLI_OK)
        return result;
    pl_names_init(&names, cli->client);
    result = print_all(cli, &names, argv[1]);
    pl_names_fini(&names);
    return result;
}
