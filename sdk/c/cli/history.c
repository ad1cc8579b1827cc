/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley history: the last messages of a chat, oldest first. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/message_line.h"

#define PAGE_MAX 100
#define LIMIT_MAX 100000

static enum pl_cli_exit history(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_history = {
    .name = "history",
    .arguments = "[--limit N] [--before PLACE] [--after PLACE] [--since TIME] [--until TIME] CHAT_ID",
    .summary = "Show the last messages of a chat (default 20), oldest first",
    .details =
        "PLACE is a message id or a number in the chat, which is itself left out. TIME is as 2026-01-31T12:00:00Z,\n"
        "in UTC; --until leaves out what is of that time or later.\n",
    .credentials = PL_CLI_AS_USER,
    .run = history,
};

/* Which messages, and how many at most. */
struct bounds {
    parley_message_filter filter;
    int limit;
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

static parley_status load(struct pl_cli *cli, const char *chat_id, const struct bounds *bounds, struct pages *pages,
                          parley_error *error)
{
    parley_message_filter filter = bounds->filter;
    while (pages->messages < bounds->limit) {
        parley_messages *page = NULL;
        int left = bounds->limit - pages->messages;
        filter.page_size = left < PAGE_MAX ? left : PAGE_MAX;
        parley_status status = parley_list_messages_within(cli->client, chat_id, &filter, &page, error);
        if (status != PARLEY_OK)
            return status;
        pages->list = reallocarray(pages->list, pages->count + 1, sizeof(parley_messages *));
        if (pages->list == NULL)
            abort();
        pages->list[pages->count++] = page;
        pages->messages += (int)page->count;
        filter.page_token = page->next_page_token;
        if (filter.page_token[0] == '\0')
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

/* A seq when it is a number, else a message id. */
static void take_place(const char *text, int64_t *ret_seq, const char **ret_message_id)
{
    int seq;
    if (pl_cli_parse_int(text, 1, INT_MAX, &seq))
        *ret_seq = seq;
    else
        *ret_message_id = text;
}

static bool parse_time(const char *text, int64_t *ret_time_us)
{
    struct tm parts = {.tm_mday = 1};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (end == NULL || *end != '\0')
        return false;
    *ret_time_us = (int64_t)timegm(&parts) * 1000000;
    return true;
}

static bool take_flag(int flag, const char *value, struct bounds *bounds)
{
    switch (flag) {
    case 'l':
        return pl_cli_parse_int(value, 1, LIMIT_MAX, &bounds->limit);
    case 'b':
        take_place(value, &bounds->filter.before_seq, &bounds->filter.before_message_id);
        return true;
    case 'a':
        take_place(value, &bounds->filter.after_seq, &bounds->filter.after_message_id);
        return true;
    case 's':
        return parse_time(value, &bounds->filter.since_us);
    case 'u':
        return parse_time(value, &bounds->filter.until_us);
    default:
        return false;
    }
}

static enum pl_cli_exit load_and_show(struct pl_cli *cli, const char *chat_id, const struct bounds *bounds)
{
    struct pages pages = {.list = NULL};
    parley_error error;
    enum pl_cli_exit result = pl_cli_connect(cli);
    if (result != PL_CLI_OK)
        return result;
    if (load(cli, chat_id, bounds, &pages, &error) == PARLEY_OK)
        show(cli, &pages);
    else
        result = pl_cli_fail(cli, &error);
    free_pages(&pages);
    return result;
}

static enum pl_cli_exit history(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {
        {"limit", required_argument, NULL, 'l'}, {"before", required_argument, NULL, 'b'},
        {"after", required_argument, NULL, 'a'}, {"since", required_argument, NULL, 's'},
        {"until", required_argument, NULL, 'u'}, {NULL, 0, NULL, 0}};
    struct bounds bounds = {.limit = 20};
    int flag;
    parley_message_filter_init(&bounds.filter);
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!take_flag(flag, optarg, &bounds))
            return pl_cli_usage(cli, flag == 'l' ? "--limit must be 1 to 100000" : NULL);
    if (argc - optind != 1)
        return pl_cli_usage(cli, "CHAT_ID is expected; `parley chats` lists yours");
    return load_and_show(cli, argv[optind], &bounds);
}
