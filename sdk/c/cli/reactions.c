/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley reactions: who reacted to a message, and how. */
#include <stdio.h>

#include "sdk/c/cli/json.h"
#include "sdk/c/cli/list.h"
#include "sdk/c/cli/terminal.h"

static enum pl_cli_exit reactions(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_reactions = {
    .name = "reactions",
    .arguments = "MESSAGE_ID",
    .summary = "List who reacted to a message, and how",
    .credentials = PL_CLI_AS_USER,
    .run = reactions,
};

static void print_line(struct pl_cli_list *list, const parley_reaction *reaction)
{
    if (list->cli->json) {
        pl_json_print(json_pack("{s:s, s:s, s:o}", "user_id", reaction->user_id, "emoji", reaction->emoji, "reacted_at",
                                pl_json_time(reaction->reacted_at_us)));
        return;
    }
    printf("%s  ", reaction->user_id);
    pl_terminal_put_time(stdout, reaction->reacted_at_us);
    fputs("  ", stdout);
    pl_terminal_put_text(stdout, reaction->emoji);
    fputs("  ", stdout);
    pl_names_put(&list->names, stdout, reaction->user_id);
    putchar('\n');
}

static parley_status print_page(struct pl_cli_list *list, parley_error *ret_error)
{
    parley_reactions *page = NULL;
    parley_status status =
        parley_list_reactions(list->cli->client, list->of, PL_CLI_PAGE_SIZE, list->page_token, &page, ret_error);
    if (status != PARLEY_OK)
        return status;
    for (size_t i = 0; i < page->count; i++)
        print_line(list, &page->items[i]);
    pl_cli_list_turn(list, page->next_page_token);
    parley_reactions_free(page);
    return PARLEY_OK;
}

static enum pl_cli_exit reactions(struct pl_cli *cli, int argc, char **argv)
{
    if (argc != 2)
        return pl_cli_usage(cli, "MESSAGE_ID is expected");
    return pl_cli_print_list(cli, argv[1], print_page);
}
