/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley history: the last messages of a chat, oldest first. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/message_line.h"

#define PAGE_MAX 100
#define LIMIT_MAX 100000

static enum pl_cli_exit history(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_history = {
    .name = "history",
    .arguments = "[--limit N] CHAT_ID",
    .summary = "Show the last messages of a chat (default 20), oldest first",
    .credentials = PL_CLI_AS_USER,
    .run = history,
};

/* Pages, newest first; the messages are counted across them. */
struct pages {
    parley_messages **list;
    size_t count;
    int messages;
};

static void free_pages(struct pages *pages)
{
    for (size_t i = 0; i < pages->count; i++)
        parley_messages_free(pages->list[i]);
    free(pages->list);
}

static parley_status load(struct pl_cli *cli, const char *chat_id, int limit, struct pages *pages, parley_error *error)
{
    const char *page_token = NULL;
    while (pages->messages < limit) {
        int size = limit - pages->messages < PAGE_MAX ? limit - pages->messages : PAGE_MAX;
        parley_messages *page = NULL;
        parley_status status = parley_list_messages(cli->client, chat_id, size, page_token, &page, error);
        if (status != PARLEY_OK)
            return status;
        pages->list = reallocarray(pages->list, pages->count + 1, sizeof(parley_messages *));
        if (pages->list == NULL)
            abort();
        pages->list[pages->count++] = page;
        pages->messages += (int)page->count;
        page_token = page->next_page_token;
        if (page_token[0] == '\0')
            break;
    }
    return PARLEY_OK;
}

static void show(struct pl_cli *cli, const struct pages *pages)
{
    struct pl_names names;
    pl_names_init(&names, cli->client);
    for (size_t p = pages->count; p-- > 0;)
        for (size_t i = pages->list[p]->count; i-- > 0;) {
            const parley_message *message = pages->list[p]->items[i];
            if (cli->json)
                pl_json_print(pl_json_message(message));
            else
                pl_message_line_print(cli, &names, message);
        }
    pl_names_fini(&names);
}

static enum pl_cli_exit history(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"limit", required_argument, NULL, 'l'}, {NULL, 0, NULL, 0}};
    struct pages pages = {.list = NULL};
    parley_error error;
    int limit = 20;
    int flag;
    enum pl_cli_exit result;
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (flag != 'l' || !pl_cli_parse_int(optarg, 1, LIMIT_MAX, &limit))
            return pl_cli_usage(cli, flag == 'l' ? "--limit must be 1 to 100000" : NULL);
    if (argc - optind != 1)
        return pl_cli_usage(cli, "CHAT_ID is expected; `parley chats` lists yours");
    result = pl_cli_connect(cli);
    if (result != PL_CLI_OK)
        return result;
    if (load(cli, argv[optind], limit, &pages, &error) == PARLEY_OK)
        show(cli, &pages);
    else
        result = pl_cli_fail(cli, &error);
    free_pages(&pages);
    return result;
}
