/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley chats: a user's chats, the latest first. */
#include <stdio.h>

#include "sdk/c/cli/json.h"
#include "sdk/c/cli/list.h"
#include "sdk/c/cli/terminal.h"

#define NAME_CHARS_MAX 48
#define UNREAD_MAX 1000

static enum pl_cli_exit chats(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_chats = {
    .name = "chats",
    .arguments = "[USER_ID]",
    .summary = "List the chats, the latest first",
    .details = "USER_ID: with an API key, whose.\n",
    .credentials = PL_CLI_AS_USER,
    .run = chats,
};

static void print_line(const struct pl_cli *cli, const parley_chat *chat)
{
    if (cli->json) {
        pl_json_print(pl_json_chat(chat));
        return;
    }
    printf("%s  ", chat->chat_id);
    pl_terminal_set_style(stdout, cli->styled, PL_STYLE_DIM);
    pl_terminal_put_time(stdout, chat->last_message_at_us > 0 ? chat->last_message_at_us : chat->created_at_us);
    pl_terminal_set_style(stdout, cli->styled, PL_STYLE_PLAIN);
    printf("  %lld messages  ", (long long)chat->last_seq);
    if (chat->unread_count > 0)
        printf("%d%s unread  ", chat->unread_count < UNREAD_MAX ? chat->unread_count : UNREAD_MAX - 1,
               chat->unread_count < UNREAD_MAX ? "" : "+");
    if (chat->chat_type == PARLEY_CHAT_GROUP) {
        printf("group of %d  ", chat->participant_count);
        pl_terminal_put_excerpt(stdout, chat->name, NAME_CHARS_MAX);
    } else {
        fputs("individual", stdout);
    }
    putchar('\n');
}

static parley_status print_page(struct pl_cli_list *list, parley_error *ret_error)
{
    parley_chats *page = NULL;
    parley_status status =
        parley_list_chats(list->cli->client, list->of, PL_CLI_PAGE_SIZE, list->page_token, &page, ret_error);
    if (status != PARLEY_OK)
        return status;
    for (size_t i = 0; i < page->count; i++)
        print_line(list->cli, page->items[i]);
    pl_cli_list_turn(list, page->next_page_token);
    parley_chats_free(page);
    return PARLEY_OK;
}

static enum pl_cli_exit chats(struct pl_cli *cli, int argc, char **argv)
{
    if (argc > 2)
        return pl_cli_usage(cli, "at most one USER_ID is expected");
    return pl_cli_print_list(cli, argc == 2 ? argv[1] : NULL, print_page);
}
