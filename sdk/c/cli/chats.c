/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley chats: the user's chats, the latest first. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/terminal.h"

#define PAGE_SIZE 100
#define NAME_CHARS_MAX 48

static enum pl_cli_exit chats(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_chats = {
    .name = "chats",
    .arguments = "",
    .summary = "List the chats, the latest first",
    .credentials = PL_CLI_AS_USER,
    .run = chats,
};

static void print_line(const struct pl_cli *cli, const parley_chat *chat)
{
    printf("%s  ", chat->chat_id);
    pl_terminal_set_style(stdout, cli->styled, PL_STYLE_DIM);
    pl_terminal_put_time(stdout, chat->last_message_at_us > 0 ? chat->last_message_at_us : chat->created_at_us);
    pl_terminal_set_style(stdout, cli->styled, PL_STYLE_PLAIN);
    printf("  %lld messages  ", (long long)chat->last_seq);
    if (chat->chat_type == PARLEY_CHAT_GROUP) {
        printf("group of %d  ", chat->participant_count);
        pl_terminal_put_excerpt(stdout, chat->name, NAME_CHARS_MAX);
    } else {
        fputs("individual", stdout);
    }
    putchar('\n');
}

static void print_page(const struct pl_cli *cli, const parley_chats *page)
{
    for (size_t i = 0; i < page->count; i++)
        if (cli->json)
            pl_json_print(pl_json_chat(page->items[i]));
        else
            print_line(cli, page->items[i]);
}

static enum pl_cli_exit print_all(struct pl_cli *cli)
{
    parley_error error;
    parley_chats *page = NULL;
    parley_chats *next = NULL;
    do {
        parley_status status =
            parley_list_chats(cli->client, NULL, PAGE_SIZE, page != NULL ? page->next_page_token : NULL, &next, &error);
        parley_chats_free(page);
        if (status != PARLEY_OK)
            return pl_cli_fail(cli, &error);
        page = next;
        print_page(cli, page);
    } while (page->next_page_token[0] != '\0');
    parley_chats_free(page);
    return PL_CLI_OK;
}

static enum pl_cli_exit chats(struct pl_cli *cli, int argc, char **argv)
{
    enum pl_cli_exit connected;
    (void)argv;
    if (argc > 1)
        return pl_cli_usage(cli, "no arguments are expected");
    connected = pl_cli_connect(cli);
    return connected == PL_CLI_OK ? print_all(cli) : connected;
}
