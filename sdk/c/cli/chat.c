/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * parley chat: typing a line sends it, what comes is shown and marked as read. On a pipe it sends every line and ends
 * when all are on disk.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "sdk/c/cli/chat_events.h"
#include "sdk/c/cli/claims.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/line_reader.h"
#include "sdk/c/cli/message_line.h"
#include "sdk/c/cli/wakeup.h"

#define HISTORY_MESSAGES 10

static enum pl_cli_exit chat(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_chat = {
    .name = "chat",
    .arguments = "[--chat] TO",
    .summary = "Talk: each line you type is sent, what comes is shown and marked as read",
    .details =
        "TO is a user id; with --chat, a chat id. Ticks follow each message: ✓ it is on disk, ✓✓ it has reached\n"
        "the other's device, ✓✓ read. Ctrl-D or Ctrl-C ends. With --json every event is a line.\n"
        "This is the device's one stream: another tail or chat of the same device ends it.\n",
    .credentials = PL_CLI_AS_DEVICE,
    .run = chat,
};

/* The chat with one user, made when there is none. */
static parley_status find_individual(struct pl_cli *cli, const char *user_id, char ret_chat_id[PARLEY_ID_BYTES],
                                     parley_error *ret_error)
{
    const parley_new_participant other = {.user_id = user_id, .role = PARLEY_ROLE_UNSPECIFIED};
    parley_new_chat new_chat;
    parley_chat *found = NULL;
    parley_status status;
    parley_new_chat_init(&new_chat);
    new_chat.chat_type = PARLEY_CHAT_INDIVIDUAL;
    new_chat.participants = &other;
    new_chat.participant_count = 1;
    status = parley_create_chat(cli->client, &new_chat, &found, ret_error);
    if (status == PARLEY_OK)
        snprintf(ret_chat_id, PARLEY_ID_BYTES, "%s", found->chat_id);
    parley_chat_free(found);
    return status;
}

/* Also finds out whether there is such a chat. */
static parley_status show_history(struct pl_chat_view *view, parley_error *ret_error)
{
    parley_messages *page = NULL;
    parley_status status =
        parley_list_messages(view->cli->client, view->chat_id, HISTORY_MESSAGES, NULL, &page, ret_error);
    if (status != PARLEY_OK)
        return status;
    for (size_t i = page->count; i-- > 0 && !view->cli->json;) {
        pl_message_line_print(view->cli, &view->names, page->items[i]);
        view->shown_seq = page->items[i]->seq;
    }
    if (page->count > 0 && strcmp(page->items[0]->sender_id, view->user_id) != 0 && !view->cli->json)
        parley_mark_read(view->cli->client, page->items[0]->message_id, NULL, NULL);
    parley_messages_free(page);
    return PARLEY_OK;
}

/* Waits for room when the outbox is full. */
static void send_line(struct pl_chat_view *view, const char *line)
{
    parley_draft draft;
    parley_error error;
    parley_status status;
    char message_id[PARLEY_ID_BYTES];
    if (line[0] == '\0')
        return;
    parley_id_make(message_id);
    parley_draft_init(&draft);
    draft.chat_id = view->chat_id;
    draft.message_id = message_id;
    draft.text = line;
    pl_sent_list_add(&view->sent, message_id, line);
    while ((status = parley_stream_send(view->stream, &draft, NULL, &error)) == PARLEY_OUTBOX_FULL &&
           !pl_wakeup_interrupted())
        pl_wakeup_wait(false, -1);
    if (status == PARLEY_OK)
        return;
    pl_sent_list_remove(&view->sent, message_id);
    if (status != PARLEY_CLOSED)
        pl_cli_fail(view->cli, &error);
    atomic_store(&view->refused, true);
}

/* Until Ctrl-C, the end of the stream, or the end of the input and the last answer. */
static void talk(struct pl_chat_view *view)
{
    static struct pl_line_reader reader;
    const char *line;
    while (!pl_wakeup_interrupted() && !atomic_load(&view->ended)) {
        if (reader.at_end && pl_sent_list_waiting(&view->sent) == 0)
            return;
        if (pl_wakeup_wait(!reader.at_end, -1))
            pl_line_reader_fill(&reader);
        while (!pl_wakeup_interrupted() && (line = pl_line_reader_next(&reader)) != NULL)
            send_line(view, line);
    }
}

static enum pl_cli_exit converse(struct pl_chat_view *view)
{
    parley_stream_callbacks callbacks;
    parley_error error;
    bool ended_by_itself;
    pl_chat_events_init(&callbacks);
    pl_wakeup_init();
    if (parley_stream_open(view->cli->client, &callbacks, view, &view->stream, &error) != PARLEY_OK)
        return pl_cli_fail(view->cli, &error);
    parley_stream_show(view->stream, view->chat_id, NULL);
    talk(view);
    ended_by_itself = atomic_load(&view->ended);
    parley_stream_close(view->stream);
    if (ended_by_itself)
        return pl_cli_fail(view->cli, &view->error);
    if (pl_wakeup_interrupted())
        return PL_CLI_INTERRUPTED;
    return atomic_load(&view->refused) || ferror(stdout) ? PL_CLI_REFUSED : PL_CLI_OK;
}

static enum pl_cli_exit start(struct pl_cli *cli, struct pl_chat_view *view, const char *to, bool to_chat)
{
    struct pl_claims claims;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    if (pl_claims_read(cli->token, &claims))
        memcpy(view->user_id, claims.user_id, sizeof view->user_id);
    if (to_chat)
        snprintf(view->chat_id, sizeof view->chat_id, "%s", to);
    else if (find_individual(cli, to, view->chat_id, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    view->names.client = cli->client;
    if (show_history(view, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    return converse(view);
}

static enum pl_cli_exit chat(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"chat", no_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
    static struct pl_chat_view view;
    bool to_chat = false;
    enum pl_cli_exit result;
    int flag;
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (flag != 'c')
            return pl_cli_usage(cli, NULL);
        to_chat = true;
    }
    if (argc - optind != 1)
        return pl_cli_usage(cli, "TO is expected");
    view.cli = cli;
    pl_names_init(&view.names, NULL);
    pl_sent_list_init(&view.sent);
    result = start(cli, &view, argv[optind], to_chat);
    pl_sent_list_fini(&view.sent);
    pl_names_fini(&view.names);
    return result;
}
