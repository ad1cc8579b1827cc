/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley send-batch: each line of standard input is a message; many go in one call. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/terminal.h"

#define LINES_MAX 100
/* A request is at most 1 MiB; ids and tags need less than what is left. */
#define TEXT_BYTES_MAX ((1 << 20) - LINES_MAX * 256)

static enum pl_cli_exit send_batch(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_send_batch = {
    .name = "send-batch",
    .arguments = "[--chat] TO",
    .summary = "Send each line of standard input as a message",
    .details = "TO is a user id; with --chat, a chat id. Up to 100 lines go in one call; empty ones are left out.\n"
               "Prints for each line the message id and a tick when the message is on disk; goes on when one is\n"
               "refused, and says so in the exit code.\n",
    .credentials = PL_CLI_AS_USER,
    .run = send_batch,
};

/* Lines that are read and not sent. */
struct batch {
    const char *chat_id;
    const char *recipient_id;
    char *lines[LINES_MAX];
    size_t numbers[LINES_MAX]; /* of the lines in the input, from 1 */
    size_t count;
    size_t text_bytes;
    size_t last_number; /* of the newest line that was read */
    bool at_end;
    bool is_no_text; /* a line has a NUL */
};

static void empty(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        free(batch->lines[i]);
    batch->count = batch->text_bytes = 0;
}

/* The next line without its end, the caller's to free; NULL at the end. */
static char *read_line(struct batch *batch)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t bytes = getline(&line, &room, stdin);
    if (bytes < 0) {
        batch->at_end = true;
        free(line);
        return NULL;
    }
    batch->last_number++;
    batch->is_no_text = batch->is_no_text || strlen(line) != (size_t)bytes;
    line[strcspn(line, "\n")] = '\0';
    return line;
}

/* Until the next line might not fit. */
static void fill(struct batch *batch)
{
    while (batch->count < LINES_MAX && batch->text_bytes <= TEXT_BYTES_MAX - PARLEY_CONTENT_BYTES_MAX) {
        char *line = read_line(batch);
        if (line == NULL || batch->is_no_text) {
            free(line);
            return;
        }
        if (line[0] == '\0') {
            free(line);
            continue;
        }
        batch->lines[batch->count] = line;
        batch->numbers[batch->count++] = batch->last_number;
        batch->text_bytes += strlen(line);
    }
}

static void tell_refusal(const struct pl_cli *cli, const parley_send_result *result, size_t number)
{
    if (cli->json) {
        pl_json_print(json_pack("{s:s, s:I, s:s, s:s}", "message_id", result->message_id, "line", (json_int_t)number,
                                "reason", result->error->reason, "sentence", result->error->sentence));
        return;
    }
    fprintf(stderr, "parley: line %zu: ", number);
    pl_terminal_put_text(stderr, result->error->sentence);
    fprintf(stderr, " (%s)\n", result->error->reason);
}

/* False when one was refused. */
static bool tell(const struct pl_cli *cli, const struct batch *batch, const parley_send_results *results)
{
    bool all_are_stored = true;
    for (size_t i = 0; i < results->count; i++) {
        const parley_send_result *result = &results->items[i];
        if (result->error != NULL)
            tell_refusal(cli, result, batch->numbers[i]);
        else if (cli->json)
            pl_json_print(pl_json_message(result->message));
        else
            printf("%s ✓\n", result->message_id);
        all_are_stored = all_are_stored && result->error == NULL;
    }
    return all_are_stored;
}

static enum pl_cli_exit send_lines(struct pl_cli *cli, const struct batch *batch)
{
    parley_draft drafts[LINES_MAX];
    const parley_draft *list[LINES_MAX];
    parley_send_results *results = NULL;
    parley_error error;
    bool all_are_stored;
    for (size_t i = 0; i < batch->count; i++) {
        parley_draft_init(&drafts[i]);
        drafts[i].chat_id = batch->chat_id;
        drafts[i].recipient_id = batch->recipient_id;
        drafts[i].text = batch->lines[i];
        list[i] = &drafts[i];
    }
    if (parley_send_messages(cli->client, list, batch->count, &results, &error) != PARLEY_OK) {
        enum pl_cli_exit result = pl_cli_fail(cli, &error);
        fprintf(stderr, "parley: lines %zu to %zu may not have been sent\n", batch->numbers[0],
                batch->numbers[batch->count - 1]);
        return result;
    }
    all_are_stored = tell(cli, batch, results);
    parley_send_results_free(results);
    return all_are_stored ? PL_CLI_OK : PL_CLI_REFUSED;
}

/* Goes on after a refused line, and ends when a call as a whole has failed. */
static enum pl_cli_exit send_all(struct pl_cli *cli, struct batch *batch)
{
    enum pl_cli_exit worst = PL_CLI_OK;
    while (!batch->at_end) {
        fill(batch);
        if (batch->is_no_text) {
            fprintf(stderr, "parley: line %zu is not text\n", batch->last_number);
            worst = PL_CLI_USAGE;
        } else if (batch->count > 0) {
            enum pl_cli_exit result = send_lines(cli, batch);
            worst = result != PL_CLI_OK ? result : worst;
        }
        empty(batch);
        if (worst != PL_CLI_OK && worst != PL_CLI_REFUSED)
            break;
    }
    return worst;
}

static enum pl_cli_exit send_batch(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"chat", no_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
    struct batch batch = {.chat_id = NULL};
    bool to_chat = false;
    enum pl_cli_exit connected;
    int flag;
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (flag != 'c')
            return pl_cli_usage(cli, NULL);
        to_chat = true;
    }
    connected = pl_cli_connect_with(cli, argc - optind, 1);
    if (connected != PL_CLI_OK)
        return connected;
    batch.chat_id = to_chat ? argv[optind] : NULL;
    batch.recipient_id = to_chat ? NULL : argv[optind];
    return send_all(cli, &batch);
}
