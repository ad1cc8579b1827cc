/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley group members: who is in a chat. */
#include <stdio.h>

#include "sdk/c/cli/json.h"
#include "sdk/c/cli/list.h"

static enum pl_cli_exit group_members(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_group_members = {
    .name = "group members",
    .arguments = "CHAT_ID",
    .summary = "List who is in a chat, in the order of joining",
    .credentials = PL_CLI_AS_USER,
    .run = group_members,
};

static void print_line(struct pl_cli_list *list, const parley_participant *member)
{
    if (list->cli->json) {
        pl_json_print(pl_json_participant(member));
        return;
    }
    printf("%s  %-6s  read %lld  ", member->user_id, pl_json_role_word(member->role), (long long)member->last_read_seq);
    pl_names_put(&list->names, stdout, member->user_id);
    putchar('\n');
}

static parley_status print_page(struct pl_cli_list *list, parley_error *ret_error)
{
    parley_participants *page = NULL;
    parley_status status =
        parley_list_participants(list->cli->client, list->of, PL_CLI_PAGE_SIZE, list->page_token, &page, ret_error);
    if (status != PARLEY_OK)
        return status;
    for (size_t i = 0; i < page->count; i++)
        print_line(list, page->items[i]);
    pl_cli_list_turn(list, page->next_page_token);
    parley_participants_free(page);
    return PARLEY_OK;
}

static enum pl_cli_exit group_members(struct pl_cli *cli, int argc, char **argv)
{
    if (argc != 2)
        return pl_cli_usage(cli, "CHAT_ID is expected; `parley chats` lists yours");
    return pl_cli_print_list(cli, argv[1], print_page);
}
