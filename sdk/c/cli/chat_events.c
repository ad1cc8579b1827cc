/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What `parley chat` shows. People get lines with ticks, scripts one JSON event on a line. */
#include "sdk/c/cli/chat_events.h"

#include <stdio.h>
#include <string.h>

#include "sdk/c/cli/json.h"
#include "sdk/c/cli/message_line.h"
#include "sdk/c/cli/terminal.h"
#include "sdk/c/cli/wakeup.h"

#define EXCERPT_CHARS_MAX 60

static bool is_this_chat(const struct pl_chat_view *view, const char *chat_id)
{
    return strcmp(view->chat_id, chat_id) == 0;
}

/* The stream carries every chat of the device; what is acknowledged must be shown. */
static void print_message(struct pl_chat_view *view, const parley_message *message)
{
    bool here = is_this_chat(view, message->chat_id);
    if (view->cli->json) {
        pl_json_print(json_pack("{s:s, s:o}", "event", "message", "message", pl_json_message(message)));
        return;
    }
    if (message->body == PARLEY_BODY_NONE || (here && message->seq <= view->shown_seq))
        return;
    if (!here)
        printf("[chat %s] ", message->chat_id);
    pl_message_line_print(view->cli, &view->names, message);
}

static int on_message(void *userdata, const parley_message *message)
{
    struct pl_chat_view *view = userdata;
    print_message(view, message);
    if (ferror(stdout))
        return -1;
    if (is_this_chat(view, message->chat_id) && strcmp(message->sender_id, view->user_id) != 0)
        parley_stream_read(view->stream, message->chat_id, message->seq, NULL);
    return 0;
}

static void print_ticks(void *userdata, const struct pl_sent_item *item)
{
    const struct pl_chat_view *view = userdata;
    if (view->cli->json)
        return;
    fputs("    ", stdout);
    pl_message_line_put_ticks(view->cli, item->status);
    putchar(' ');
    pl_terminal_put_excerpt(stdout, item->text, EXCERPT_CHARS_MAX);
    putchar('\n');
    fflush(stdout);
}

static void on_sent(void *userdata, const parley_sent *sent)
{
    struct pl_chat_view *view = userdata;
    if (view->cli->json)
        pl_json_print(json_pack("{s:s, s:s, s:s, s:I, s:o}", "event", "sent", "message_id", sent->message_id, "chat_id",
                                sent->chat_id, "seq", (json_int_t)sent->seq, "timestamp",
                                pl_json_time(sent->timestamp_us)));
    pl_sent_list_mark_sent(&view->sent, sent, print_ticks, view);
    pl_wakeup_notify();
}

static void on_failed(void *userdata, const char *message_id, const parley_error *error)
{
    struct pl_chat_view *view = userdata;
    if (view->cli->json)
        pl_json_print(json_pack("{s:s, s:s, s:s, s:s}", "event", "failed", "message_id", message_id, "reason",
                                error->reason, "sentence", error->sentence));
    else if (error->status != PARLEY_CLOSED)
        fprintf(stderr, "parley: a message was refused: %s (%s)\n", error->sentence, error->reason);
    pl_sent_list_remove(&view->sent, message_id);
    atomic_store(&view->refused, true);
    pl_wakeup_notify();
}

static void on_receipt(void *userdata, const parley_receipt *receipt)
{
    struct pl_chat_view *view = userdata;
    if (view->cli->json)
        pl_json_print(pl_json_receipt(receipt));
    if (is_this_chat(view, receipt->chat_id) && strcmp(receipt->user_id, view->user_id) != 0)
        pl_sent_list_mark_seen(&view->sent, receipt, print_ticks, view);
}

static void on_group_receipt(void *userdata, const parley_group_receipt *receipt)
{
    struct pl_chat_view *view = userdata;
    if (view->cli->json)
        pl_json_print(pl_json_group_receipt(receipt));
    if (is_this_chat(view, receipt->chat_id))
        pl_sent_list_mark_counted(&view->sent, receipt, print_ticks, view);
}

static void on_read_ok(void *userdata, const char *chat_id, int64_t seq)
{
    const struct pl_chat_view *view = userdata;
    if (view->cli->json)
        pl_json_print(json_pack("{s:s, s:s, s:I}", "event", "read_ok", "chat_id", chat_id, "seq", (json_int_t)seq));
}

static const char *state_word(parley_stream_state state)
{
    static const char *const words[] = {"", "connecting", "live", "caught_up", "lost", "ended"};
    return (unsigned)state < sizeof words / sizeof words[0] ? words[state] : "";
}

static void tell_state(struct pl_chat_view *view, parley_stream_state state, const parley_error *error)
{
    if (view->cli->json) {
        pl_json_print(json_pack("{s:s, s:s, s:s}", "event", "state", "state", state_word(state), "reason",
                                error != NULL ? error->reason : ""));
        return;
    }
    if (state == PARLEY_STREAM_LOST && !view->was_lost)
        fputs("parley: the connection is lost; trying again\n", stderr);
    if (state == PARLEY_STREAM_LIVE && view->was_lost)
        fputs("parley: connected again\n", stderr);
    if (state == PARLEY_STREAM_LOST || state == PARLEY_STREAM_LIVE)
        view->was_lost = state == PARLEY_STREAM_LOST;
}

static void on_state(void *userdata, parley_stream_state state, const parley_error *error)
{
    struct pl_chat_view *view = userdata;
    tell_state(view, state, error);
    if (state == PARLEY_STREAM_ENDED) {
        view->error = *error;
        atomic_store(&view->ended, true);
        pl_wakeup_notify();
    }
}

void pl_chat_events_init(parley_stream_callbacks *ret_callbacks)
{
    parley_stream_callbacks_init(ret_callbacks);
    ret_callbacks->on_message = on_message;
    ret_callbacks->on_sent = on_sent;
    ret_callbacks->on_failed = on_failed;
    ret_callbacks->on_receipt = on_receipt;
    ret_callbacks->on_group_receipt = on_group_receipt;
    ret_callbacks->on_read_ok = on_read_ok;
    ret_callbacks->on_state = on_state;
}
