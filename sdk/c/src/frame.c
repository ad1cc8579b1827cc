/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What a stream says. A ClientFrame is a concatenation of its fields, so the parts are packed one behind the other: a
 * send was packed once when the application gave it.
 */
#include <string.h>

#include "base/clock.h"
#include "parley/v1/stream_service.pb-c.h"
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/stream_state.h"

#define PROTOCOL_VERSION 1
#define HELLO_CURSORS_MAX 10000
/* Acknowledgements or read marks in one frame; more follow in the next. */
#define CURSORS_MAX 2048
#define FETCHES_MAX 64
/* A frame that has reached this is sent; what is left follows in the next. */
#define FRAME_BYTES_SOFT_MAX (256 << 10)
/* Field 2 of ClientFrame, length-delimited. */
#define SENDS_TAG 0x12
#define REAUTH_AGAIN_US 2000000

enum cursor_field { FIELD_ACKS, FIELD_READS };

static void pack(struct pl_buf *buf, const Parley__V1__ClientFrame *frame)
{
    uint8_t *room = pl_buf_extend(buf, parley__v1__client_frame__get_packed_size(frame));
    pl_assert(room != NULL);
    parley__v1__client_frame__pack(frame, room);
}

static Parley__V1__Cursor **wire_cursors(struct pl_arena *arena, const struct pl_cursor *cursors, size_t count)
{
    Parley__V1__Cursor **list = pl_arena_array(arena, Parley__V1__Cursor *, count + 1);
    for (size_t i = 0; i < count; i++) {
        list[i] = pl_arena_new(arena, Parley__V1__Cursor);
        parley__v1__cursor__init(list[i]);
        list[i]->chat_id = pl_arena_alloc(arena, PARLEY_ID_BYTES);
        pl_uuid_format(&cursors[i].chat_id.uuid, list[i]->chat_id);
        list[i]->seq = cursors[i].seq;
    }
    return list;
}

static void write_frame(struct parley_stream *stream)
{
    pl_assert(!stream->frame.overflowed);
    pl_wire_write(stream->wire, stream->frame.data, stream->frame.bytes);
    stream->heartbeat_due_us = pl_clock_now_us() + stream->limits.heartbeat_us;
    pl_buf_reset(&stream->frame);
}

void pl_frame_write_hello(struct parley_stream *stream)
{
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    Parley__V1__Hello hello = PARLEY__V1__HELLO__INIT;
    struct pl_cursor *places = pl_arena_array(&stream->arena, struct pl_cursor, HELLO_CURSORS_MAX);
    hello.protocol_version = PROTOCOL_VERSION;
    hello.client = stream->client_name;
    hello.epoch = stream->epoch;
    hello.n_cursors = pl_cursors_resume(&stream->cursors, places, HELLO_CURSORS_MAX);
    hello.cursors = wire_cursors(&stream->arena, places, hello.n_cursors);
    frame.hello = &hello;
    pack(&stream->frame, &frame);
    write_frame(stream);
    pl_arena_reset(&stream->arena);
}

static void put_cursors(struct parley_stream *stream, enum cursor_field field, const struct pl_cursor *cursors,
                        size_t count)
{
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    Parley__V1__Cursor **list = wire_cursors(&stream->arena, cursors, count);
    if (field == FIELD_ACKS) {
        frame.n_acks = count;
        frame.acks = list;
    } else {
        frame.n_reads = count;
        frame.reads = list;
    }
    pack(&stream->frame, &frame);
}

static bool acks_are_due(const struct parley_stream *stream, int64_t now_us)
{
    if (!pl_cursors_dirty(&stream->cursors))
        return false;
    return now_us >= stream->ack_due_us || stream->phase == PL_STREAM_LEAVING ||
           stream->cursors.entries_unacked >= stream->limits.ack_entries_max;
}

static void put_acks(struct parley_stream *stream, int64_t now_us)
{
    struct pl_cursor acks[CURSORS_MAX];
    if (!acks_are_due(stream, now_us))
        return;
    put_cursors(stream, FIELD_ACKS, acks, pl_cursors_take_acks(&stream->cursors, acks, CURSORS_MAX));
    stream->ack_due_us = pl_cursors_dirty(&stream->cursors) ? now_us : INT64_MAX;
}

/*
 * The server takes no mark above what it has sent in this session, and ends the stream that tries: marks wait until
 * every chat has been caught up, and are cut to what has come. The rest is said again later; so is a mark of a chat
 * whose first entry the application has not taken yet, of which nothing is left.
 */
static void put_reads(struct parley_stream *stream, int64_t now_us)
{
    struct pl_cursor marks[CURSORS_MAX];
    size_t count = stream->caught_up ? pl_reads_take(&stream->reads, now_us, marks, CURSORS_MAX) : 0;
    count = pl_cursors_cut(&stream->cursors, marks, count);
    if (count > 0)
        put_cursors(stream, FIELD_READS, marks, count);
}

static void put_fetches(struct parley_stream *stream, int64_t now_us)
{
    struct pl_chat_id chats[FETCHES_MAX];
    size_t count = pl_fetches_take(&stream->fetches, now_us, chats, FETCHES_MAX);
    for (size_t i = 0; i < count; i++) {
        Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
        Parley__V1__Fetch fetch = PARLEY__V1__FETCH__INIT, *fetches[] = {&fetch};
        char chat_id[PARLEY_ID_BYTES];
        pl_uuid_format(&chats[i].uuid, chat_id);
        fetch.chat_id = chat_id;
        fetch.after_seq = pl_cursors_have(&stream->cursors, &chats[i]);
        frame.fetches = fetches;
        frame.n_fetches = 1;
        pack(&stream->frame, &frame);
    }
}

static void put_typings(struct parley_stream *stream)
{
    struct pl_typing typings[PL_TYPINGS_MAX];
    size_t count = pl_typings_take(&stream->typings, typings);
    for (size_t i = 0; i < count; i++) {
        Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
        Parley__V1__SetTyping said = PARLEY__V1__SET_TYPING__INIT, *all[] = {&said};
        char chat_id[PARLEY_ID_BYTES];
        pl_uuid_format(&typings[i].chat_id.uuid, chat_id);
        said.chat_id = chat_id;
        said.is_typing = typings[i].is_typing;
        frame.typings = all;
        frame.n_typings = 1;
        pack(&stream->frame, &frame);
    }
}

static void put_watch(struct parley_stream *stream)
{
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    Parley__V1__WatchPresence watch = PARLEY__V1__WATCH_PRESENCE__INIT;
    if (!stream->watch_due)
        return;
    watch.n_user_ids = stream->watched_count;
    watch.user_ids = pl_arena_array(&stream->arena, char *, stream->watched_count + 1);
    for (size_t i = 0; i < stream->watched_count; i++) {
        watch.user_ids[i] = pl_arena_alloc(&stream->arena, PARLEY_ID_BYTES);
        pl_uuid_format(&stream->watched[i].uuid, watch.user_ids[i]);
    }
    frame.watch = &watch;
    pack(&stream->frame, &frame);
    stream->watch_due = false;
}

/* Without a token now, the provider is asked again soon; if it never has one, the stream ends with the old token. */
static void put_reauth(struct parley_stream *stream, int64_t now_us)
{
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    Parley__V1__Reauth reauth = PARLEY__V1__REAUTH__INIT;
    struct pl_token token;
    parley_error error;
    if (now_us < stream->reauth_due_us)
        return;
    stream->reauth_due_us = now_us + REAUTH_AGAIN_US;
    if (pl_token_renew(stream->tokens, &token, &error) != PARLEY_OK)
        return;
    reauth.token = token.text;
    frame.reauth = &reauth;
    pack(&stream->frame, &frame);
    explicit_bzero(&token, sizeof token);
    stream->reauth_due_us = INT64_MAX;
}

static void put_send(struct pl_buf *buf, const struct pl_outbox_item *item)
{
    pl_buf_put_length(buf, SENDS_TAG, item->bytes);
    pl_buf_put(buf, item->send, item->bytes);
}

static bool sends_are_due(const struct parley_stream *stream, int64_t now_us)
{
    return stream->phase == PL_STREAM_LIVE && now_us >= stream->send_due_us && !TAILQ_EMPTY(&stream->outbox.waiting) &&
           stream->outbox.flying_count < stream->limits.sends_in_flight_max;
}

/* At least one when some are due; never above the soft limit otherwise. */
static void put_sends(struct parley_stream *stream, int64_t now_us)
{
    while (sends_are_due(stream, now_us) && stream->frame.bytes < FRAME_BYTES_SOFT_MAX) {
        const struct pl_outbox_item *next = TAILQ_FIRST(&stream->outbox.waiting);
        if (stream->frame.bytes > 0 && stream->frame.bytes + next->bytes + 16 > stream->limits.frame_bytes_max)
            return;
        put_send(&stream->frame, pl_outbox_fly(&stream->outbox));
    }
}

void pl_frame_write_due(struct parley_stream *stream)
{
    int64_t now_us = pl_clock_now_us();
    if ((stream->phase != PL_STREAM_LIVE && stream->phase != PL_STREAM_LEAVING) || stream->half_closed ||
        !pl_wire_can_write(stream->wire))
        return;
    put_acks(stream, now_us);
    put_reads(stream, now_us);
    put_sends(stream, now_us);
    if (stream->phase == PL_STREAM_LIVE) {
        put_fetches(stream, now_us);
        put_typings(stream);
        put_watch(stream);
        put_reauth(stream, now_us);
    }
    pl_arena_reset(&stream->arena);
    /* A frame without parts says that the device is there. */
    bool is_beat_due = stream->phase == PL_STREAM_LIVE && now_us >= stream->heartbeat_due_us;
    if (stream->frame.bytes > 0 || is_beat_due) {
        write_frame(stream);
    } else if (stream->phase == PL_STREAM_LEAVING) {
        pl_wire_half_close(stream->wire);
        stream->half_closed = true;
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t pl_frame_due_us(const struct parley_stream *stream)
{
    int64_t due_us = INT64_MAX;
    if (stream->phase != PL_STREAM_LIVE || !pl_wire_can_write(stream->wire))
        return due_us;
    due_us = earlier(stream->ack_due_us, stream->reauth_due_us);
    due_us = earlier(due_us, stream->heartbeat_due_us);
    due_us = earlier(due_us, pl_fetches_next_due_us(&stream->fetches));
    if (stream->caught_up)
        due_us = earlier(due_us, pl_reads_next_due_us(&stream->reads));
    if (!TAILQ_EMPTY(&stream->outbox.waiting) && stream->outbox.flying_count < stream->limits.sends_in_flight_max)
        due_us = earlier(due_us, stream->send_due_us);
    return due_us;
}
