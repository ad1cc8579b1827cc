/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley group members: who is in a chat. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/names.h"

#define PAGE_SIZE 100

static enum pl_cli_exit group_members(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_group_members = {
    .name = "group members",
    .arguments = "CHAT_ID",
    .summary = "List who is in a chat, in the order of joining",
    .credentials = PL_CLI_AS_USER,
    .run = group_members,
};

static void print_page(const struct pl_cli *cli, struct pl_names *names, const parley_participants *page)
{
    for (size_t i = 0; i < page->count; i++) {
        const parley_participant *member = page->items[i];
        if (cli->json) {
            pl_json_print(pl_json_participant(member));
            continue;
        }
        printf("%s  %-6s  read %lld  ", member->user_id, pl_json_role_word(member->role),
               (long long)member->last_read_seq);
        pl_names_put(names, stdout, member->user_id);
        putchar('\n');
    }
}

static enum pl_cli_exit print_all(struct pl_cli *cli, struct pl_names *names, const char *chat_id)
{
    parley_error error;
    parley_participants *page = NULL;
    parley_participants *next = NULL;
    do {
        parley_status status = parley_list_participants(cli->client, chat_id, PAGE_SIZE,
                                                        page != NULL ? page->next_page_token : NULL, &next, &error);
        parley_participants_free(page);
        if (status != PARLEY_OK)
            return pl_cli_fail(cli, &error);
        page = next;
        print_page(cli, names, page);
    } while (page->next_page_token[0] != '\0');
    parley_participants_free(page);
    return PL_CLI_OK;
}

static enum pl_cli_exit group_members(struct pl_cli *cli, int argc, char **argv)
{
    struct pl_names names;
    enum pl_cli_exit result;
    if (argc != 2)
        return pl_cli_usage(cli, "CHAT_ID is expected; `parley chats` lists yours");
    result = pl_cli_connect(cli);
    if (result != PL_CLI_OK)
        return result;
    pl_names_init(&names, cli->client);
    result = print_all(cli, &names, argv[1]);
    pl_names_fini(&names);
    return result;
}
