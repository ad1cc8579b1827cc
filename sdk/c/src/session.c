/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What the server says on a stream: the parts of a frame, in the order of their numbers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "base/clock.h"
#include "parley/v1/presence_service.pb-c.h"
#include "parley/v1/stream_service.pb-c.h"
#include "rpc/codec.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/error.h"
#include "sdk/c/src/stream_state.h"

#define LEAVE_US 2000000
#define RETRY_MS_MIN 100
#define ACK_INTERVAL_MS_MAX 10000
/* For a reason that this library does not know. */
#define GRPC_CODE_UNAVAILABLE 14
#define FRAME_BYTES_MAX (1 << 20)
/* The larger one also for a server that says none. */
#define HEARTBEAT_MS_MIN 50
#define HEARTBEAT_MS_MAX 600000

/* A number of the server's within bounds that keep us working. */
static int64_t bounded(int64_t value, int64_t min, int64_t max)
{
    if (value < min)
        return min;
    return value < max ? value : max;
}

static int64_t heartbeat_us(int32_t interval_ms)
{
    return bounded(interval_ms > 0 ? interval_ms : HEARTBEAT_MS_MAX, HEARTBEAT_MS_MIN, HEARTBEAT_MS_MAX) * 1000;
}

void pl_session_tell_state(struct parley_stream *stream, parley_stream_state state, const parley_error *error)
{
    if (stream->callbacks.on_state != NULL)
        stream->callbacks.on_state(stream->userdata, state, error);
}

void pl_session_drop(struct parley_stream *stream, parley_status status, const char *sentence)
{
    pl_error_set(&stream->drop_error, status, "%s", sentence);
    stream->phase = PL_STREAM_DROPPED;
    pl_wire_cancel(stream->wire);
}

void pl_session_leave(struct parley_stream *stream)
{
    stream->phase = PL_STREAM_LEAVING;
    stream->answer_due_us = pl_clock_now_us() + LEAVE_US;
}

/* An id of the server's that is none is as bad as a frame that cannot be read. */
static bool parse_chat_id(struct parley_stream *stream, const char *text, struct pl_chat_id *ret_chat_id)
{
    if (pl_uuid_parse(text, &ret_chat_id->uuid) == PL_OK)
        return true;
    pl_session_drop(stream, PARLEY_BAD_REPLY, "the server named a chat by something that is no id");
    return false;
}

static void take_welcome(struct parley_stream *stream, const Parley__V1__Welcome *welcome)
{
    if (stream->phase != PL_STREAM_OPENING)
        return;
    if (strlen(welcome->epoch) >= sizeof stream->epoch) {
        pl_session_drop(stream, PARLEY_BAD_REPLY, "the server's epoch is too long");
        return;
    }
    if (strcmp(stream->epoch, welcome->epoch) != 0) {
        pl_cursors_forget(&stream->cursors);
        pl_heads_forget(&stream->heads);
    }
    snprintf(stream->epoch, sizeof stream->epoch, "%s", welcome->epoch);
    stream->limits = (struct pl_stream_limits){
        .ack_interval_us = bounded(welcome->ack_interval_ms, 1, ACK_INTERVAL_MS_MAX) * 1000,
        .ack_entries_max = (unsigned)bounded(welcome->ack_entries_max, 1, 10000),
        .sends_in_flight_max = (unsigned)bounded(welcome->sends_in_flight_max, 1, PARLEY_OUTBOX_MESSAGES_MAX),
        .heartbeat_us = heartbeat_us(welcome->heartbeat_interval_ms),
        .frame_bytes_max = (size_t)bounded(welcome->frame_bytes_max, PARLEY_CONTENT_BYTES_MAX * 2, FRAME_BYTES_MAX),
    };
    stream->answer_due_us = INT64_MAX;
    stream->heartbeat_due_us = pl_clock_now_us() + stream->limits.heartbeat_us;
    stream->phase = PL_STREAM_LIVE;
    pl_session_tell_state(stream, PARLEY_STREAM_LIVE, NULL);
}

static void forget_item(struct parley_stream *stream, struct pl_outbox_item *item)
{
    pthread_mutex_lock(&stream->lock);
    stream->outbox_messages--;
    stream->outbox_bytes -= item->bytes;
    pthread_mutex_unlock(&stream->lock);
    free(item);
}

void pl_session_fail(struct parley_stream *stream, struct pl_outbox_item *item, const parley_error *error)
{
    if (stream->callbacks.on_failed != NULL)
        stream->callbacks.on_failed(stream->userdata, item->message_id, error);
    forget_item(stream, item);
}

static void take_sent(struct parley_stream *stream, const Parley__V1__Sent *sent)
{
    struct pl_outbox_item *item = pl_outbox_take(&stream->outbox, sent->request_id);
    parley_sent told = {
        .chat_id = sent->chat_id, .seq = sent->seq, .timestamp_us = pl_convert_time_us(sent->timestamp)};
    if (item == NULL)
        return;
    told.message_id = item->message_id;
    if (stream->callbacks.on_sent != NULL)
        stream->callbacks.on_sent(stream->userdata, &told);
    forget_item(stream, item);
}

/* All sends wait with the refused one, so that it keeps its place. */
static void take_failed(struct parley_stream *stream, const Parley__V1__Failed *failed)
{
    parley_error error;
    struct pl_outbox_item *item;
    pl_error_from_reason(&error, failed->code, failed->reason, failed->message);
    error.retry_after_ms = failed->retry_after_ms;
    if (pl_error_is_passing(&error)) {
        int wait_ms =
            pl_backoff_spread_ms((int)bounded(failed->retry_after_ms, RETRY_MS_MIN, 60000), pl_backoff_random());
        stream->send_due_us = pl_clock_now_us() + (int64_t)wait_ms * 1000;
        pl_outbox_put_back(&stream->outbox, failed->request_id);
        return;
    }
    item = pl_outbox_take(&stream->outbox, failed->request_id);
    if (item != NULL)
        pl_session_fail(stream, item, &error);
}

/* True when the application has taken it. */
static bool tell_message(struct parley_stream *stream, const Parley__V1__Message *entry)
{
    parley_message message;
    if (stream->callbacks.on_message == NULL)
        return true;
    pl_convert_message(&message, entry, &stream->arena);
    return stream->callbacks.on_message(stream->userdata, &message) == 0;
}

/* What was taken is acknowledged, then the call ends and is opened again. */
static void interrupt(struct parley_stream *stream)
{
    pl_error_set(&stream->drop_error, PARLEY_CLOSED, "the application did not take a message");
    pl_session_leave(stream);
}

static void take_entry(struct parley_stream *stream, const Parley__V1__Message *entry, int64_t ack_interval_us)
{
    struct pl_chat_id chat_id;
    enum pl_cursor_verdict verdict;
    if (!parse_chat_id(stream, entry->chat_id, &chat_id))
        return;
    if (entry->seq < 1) {
        pl_session_drop(stream, PARLEY_BAD_REPLY, "the server sent an entry without a place");
        return;
    }
    verdict = pl_cursors_check(&stream->cursors, &chat_id, entry->seq);
    if (verdict == PL_CURSOR_GAP) {
        pl_session_drop(stream, PARLEY_BAD_REPLY, "an entry is missing; asking for it again");
        return;
    }
    if (verdict == PL_CURSOR_NEXT && !tell_message(stream, entry)) {
        interrupt(stream);
        return;
    }
    pl_cursors_advance(&stream->cursors, &chat_id, entry->seq);
    stream->ack_due_us = MIN(stream->ack_due_us, pl_clock_now_us() + ack_interval_us);
}

static void take_receipt(struct parley_stream *stream, const Parley__V1__Receipt *receipt)
{
    parley_receipt told;
    pl_convert_receipt(&told, receipt);
    if (stream->callbacks.on_receipt != NULL)
        stream->callbacks.on_receipt(stream->userdata, &told);
}

static void take_group_receipt(struct parley_stream *stream, const Parley__V1__GroupReceipt *receipt)
{
    parley_group_receipt told;
    pl_convert_group_receipt(&told, receipt);
    if (stream->callbacks.on_group_receipt != NULL)
        stream->callbacks.on_group_receipt(stream->userdata, &told);
}

static void take_typing(struct parley_stream *stream, const Parley__V1__Typing *typing)
{
    const parley_typing told = {typing->chat_id, typing->user_id, typing->expires_after_ms};
    if (stream->callbacks.on_typing != NULL)
        stream->callbacks.on_typing(stream->userdata, &told);
}

static void take_presence(struct parley_stream *stream, const Parley__V1__Presence *presence)
{
    parley_presence told;
    pl_convert_presence(&told, presence);
    if (stream->callbacks.on_presence != NULL)
        stream->callbacks.on_presence(stream->userdata, &told);
}

static void take_advanced(struct parley_stream *stream, const Parley__V1__ChatAdvanced *advanced)
{
    struct pl_cursor end = {.seq = advanced->last_seq};
    if (parse_chat_id(stream, advanced->chat_id, &end.chat_id))
        pl_fetches_put(&stream->fetches, &end, pl_clock_now_us());
}

static void take_log_start(struct parley_stream *stream, const Parley__V1__LogStart *log_start)
{
    struct pl_chat_id chat_id;
    if (!parse_chat_id(stream, log_start->chat_id, &chat_id))
        return;
    pl_cursors_begin_log(&stream->cursors, &chat_id, log_start->first_seq);
    if (stream->callbacks.on_log_start != NULL)
        stream->callbacks.on_log_start(stream->userdata, log_start->chat_id, log_start->first_seq);
}

static void take_read_ok(struct parley_stream *stream, const Parley__V1__Cursor *read_ok)
{
    struct pl_cursor mark = {.seq = read_ok->seq};
    if (!parse_chat_id(stream, read_ok->chat_id, &mark.chat_id))
        return;
    pl_reads_done(&stream->reads, &mark);
    if (stream->callbacks.on_read_ok != NULL)
        stream->callbacks.on_read_ok(stream->userdata, read_ok->chat_id, read_ok->seq);
}

static void take_going_away(struct parley_stream *stream, const Parley__V1__GoingAway *going_away)
{
    stream->going_away = true;
    stream->reconnect_after_ms = (int)bounded(going_away->reconnect_after_ms, 0, 600000);
    pl_error_from_reason(&stream->drop_error, GRPC_CODE_UNAVAILABLE, going_away->reason, NULL);
}

/* A callback or a part may have ended the session; the rest of the frame is then void. */
static bool is_heard(const struct parley_stream *stream)
{
    return stream->phase == PL_STREAM_LIVE || stream->phase == PL_STREAM_LEAVING;
}

static int64_t ack_interval_us(const struct parley_stream *stream, const Parley__V1__ServerFrame *frame)
{
    if (frame->ack_interval_ms == 0)
        return stream->limits.ack_interval_us;
    return bounded(frame->ack_interval_ms, 1, ACK_INTERVAL_MS_MAX) * 1000;
}

static void take_frame(struct parley_stream *stream, const Parley__V1__ServerFrame *frame)
{
    if (frame->welcome != NULL)
        take_welcome(stream, frame->welcome);
    for (size_t i = 0; i < frame->n_sents && is_heard(stream); i++)
        take_sent(stream, frame->sents[i]);
    for (size_t i = 0; i < frame->n_faileds && is_heard(stream); i++)
        take_failed(stream, frame->faileds[i]);
    /* While leaving, an entry could no longer be acknowledged, so it is left for the next time. */
    for (size_t i = 0; i < frame->n_entries && stream->phase == PL_STREAM_LIVE; i++)
        take_entry(stream, frame->entries[i], ack_interval_us(stream, frame));
    for (size_t i = 0; i < frame->n_receipts && is_heard(stream); i++)
        take_receipt(stream, frame->receipts[i]);
    for (size_t i = 0; i < frame->n_group_receipts && is_heard(stream); i++)
        take_group_receipt(stream, frame->group_receipts[i]);
    for (size_t i = 0; i < frame->n_read_oks && is_heard(stream); i++)
        take_read_ok(stream, frame->read_oks[i]);
    for (size_t i = 0; i < frame->n_chats_advanced && is_heard(stream); i++)
        take_advanced(stream, frame->chats_advanced[i]);
    for (size_t i = 0; i < frame->n_typings && is_heard(stream); i++)
        take_typing(stream, frame->typings[i]);
    for (size_t i = 0; i < frame->n_presences && is_heard(stream); i++)
        take_presence(stream, frame->presences[i]);
    for (size_t i = 0; i < frame->n_log_starts && is_heard(stream); i++)
        take_log_start(stream, frame->log_starts[i]);
    if (frame->caught_up && is_heard(stream)) {
        stream->caught_up = true;
        pl_backoff_reset(&stream->backoff);
        pl_heads_check_caught_up(stream);
        pl_session_tell_state(stream, PARLEY_STREAM_CAUGHT_UP, NULL);
    }
    if (frame->going_away != NULL)
        take_going_away(stream, frame->going_away);
    if (frame->token_expiring != NULL && pl_token_source_renews(stream->tokens))
        stream->reauth_due_us = pl_clock_now_us();
}

void pl_session_receive(struct parley_stream *stream, const struct pl_wire_bytes *bytes)
{
    ProtobufCMessage *frame = NULL;
    if (stream->phase == PL_STREAM_DROPPED)
        return;
    if (pl_codec_unpack(&parley__v1__server_frame__descriptor, bytes->data, bytes->bytes, &stream->arena, &frame) ==
        PL_OK)
        take_frame(stream, (const Parley__V1__ServerFrame *)frame);
    else
        pl_session_drop(stream, PARLEY_BAD_REPLY, "the server sent a frame that cannot be read");
    pl_arena_reset(&stream->arena);
}
