/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley sync: what this device has not acknowledged, a page at a time. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/message_line.h"

static enum pl_cli_exit run_sync(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_sync = {
    .name = "sync",
    .arguments = "[--wait SECONDS] [--limit N] [--since TOKEN]",
    .summary = "Show what this device has not acknowledged, without a stream",
    .details = "Shows one page; the same comes again until ack. --wait rests up to 60 seconds when there is nothing.\n"
               "--since is the sync_token of the page before (see --json), so that receipts do not come again.\n",
    .credentials = PL_CLI_AS_DEVICE,
    .run = run_sync,
};

static json_t *json_page(const parley_sync_page *page)
{
    json_t *entries = json_array();
    json_t *receipts = json_array();
    json_t *of_groups = json_array();
    json_t *log_starts = json_array();
    for (size_t i = 0; i < page->entry_count; i++)
        json_array_append_new(entries, pl_json_message(&page->entries[i]));
    for (size_t i = 0; i < page->receipt_count; i++)
        json_array_append_new(receipts, pl_json_receipt(&page->receipts[i]));
    for (size_t i = 0; i < page->group_receipt_count; i++)
        json_array_append_new(of_groups, pl_json_group_receipt(&page->group_receipts[i]));
    for (size_t i = 0; i < page->log_start_count; i++)
        json_array_append_new(log_starts, json_pack("{s:s, s:I}", "chat_id", page->log_starts[i].chat_id, "first_seq",
                                                    (json_int_t)page->log_starts[i].first_seq));
    return json_pack("{s:o, s:o, s:o, s:o, s:b, s:s}", "entries", entries, "log_starts", log_starts, "receipts",
                     receipts, "group_receipts", of_groups, "more", page->more, "sync_token", page->sync_token);
}

static void print_lines(struct pl_cli *cli, const parley_sync_page *page)
{
    struct pl_names names;
    pl_names_init(&names, cli->client);
    for (size_t i = 0; i < page->entry_count; i++) {
        printf("[chat %s %lld] ", page->entries[i].chat_id, (long long)page->entries[i].seq);
        pl_message_line_print(cli, &names, &page->entries[i]);
    }
    for (size_t i = 0; i < page->log_start_count; i++)
        printf("[chat %s] what was before %lld is gone\n", page->log_starts[i].chat_id,
               (long long)page->log_starts[i].first_seq);
    for (size_t i = 0; i < page->receipt_count; i++)
        printf("[chat %s] delivered up to %lld, read up to %lld\n", page->receipts[i].chat_id,
               (long long)page->receipts[i].delivered_seq, (long long)page->receipts[i].read_seq);
    if (page->more)
        printf("there is more: acknowledge these, and sync again\n");
    pl_names_fini(&names);
}

static enum pl_cli_exit show(struct pl_cli *cli, const parley_sync_options *options)
{
    parley_sync_page *page = NULL;
    parley_error error;
    if (parley_sync(cli->client, options, &page, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(json_page(page));
    else
        print_lines(cli, page);
    parley_sync_page_free(page);
    return PL_CLI_OK;
}

static enum pl_cli_exit run_sync(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option flags[] = {{"wait", required_argument, NULL, 'w'},
                                          {"limit", required_argument, NULL, 'l'},
                                          {"since", required_argument, NULL, 's'},
                                          {NULL, 0, NULL, 0}};
    parley_sync_options options;
    enum pl_cli_exit connected;
    int flag;
    parley_sync_options_init(&options);
    while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
        if (flag == 's')
            options.sync_token = optarg;
        else if (flag == 'w' && !pl_cli_parse_int(optarg, 0, 60, &options.wait_seconds))
            return pl_cli_usage(cli, "--wait must be 0 to 60 seconds");
        else if (flag == 'l' && !pl_cli_parse_int(optarg, 1, 1000, &options.page_size))
            return pl_cli_usage(cli, "--limit must be 1 to 1000");
        else if (flag == '?')
            return pl_cli_usage(cli, NULL);
    connected = pl_cli_connect_with(cli, argc - optind, 0);
    return connected == PL_CLI_OK ? show(cli, &options) : connected;
}
