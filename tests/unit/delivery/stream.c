/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The call as the session sees it, and the device at its other end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "delivery/connect.h"
#include "support/cmocka.h"
#include "unit/delivery/world.h"

#define TOKEN_US INT64_C(3600000000)

/* ---- what the session calls ---- */

void *pl_call_context(const struct pl_call *call)
{
    (void)call;
    return &world->server;
}

struct pl_loop *pl_call_loop(const struct pl_call *call)
{
    return call->loop;
}

struct pl_principal *pl_call_principal(struct pl_call *call)
{
    return &call->principal;
}

void pl_call_set_owner(struct pl_call *call, void *owner)
{
    call->owner = owner;
}

void *pl_call_owner(const struct pl_call *call)
{
    return call->owner;
}

void pl_call_fail(struct pl_call *call, enum pl_status status, const char *format, ...)
{
    va_list arguments;
    assert_true(call->is_open);
    assert_false(call->is_failed);
    call->is_failed = true;
    call->status = status;
    va_start(arguments, format);
    vsnprintf(call->sentence, sizeof(call->sentence), format, arguments);
    va_end(arguments);
}

void pl_call_retry_after(struct pl_call *call, int delay_ms)
{
    assert_true(call->is_open && !call->is_failed && delay_ms > 0);
}

void pl_call_finish(struct pl_call *call)
{
    pl_call_fail(call, PL_OK, "%s", "");
}

/* What a user sees of a chat continues where they are added. */
static bool adds(const struct pl_call *stream, const Parley__V1__Message *message)
{
    const Parley__V1__ChatEvent *event = message->event;
    if (message->body_case != PARLEY__V1__MESSAGE__BODY_EVENT || event->n_members_added == 0)
        return false;
    struct pl_uuid user;
    assert_int_equal(pl_uuid_parse(event->members_added[0]->user_id, &user), PL_OK);
    return pl_uuid_equal(&user, &stream->principal.user_id.uuid);
}

static void take_entry(struct pl_call *stream, const Parley__V1__Message *message)
{
    struct pl_uuid chat_uuid;
    assert_int_equal(pl_uuid_parse(message->chat_id, &chat_uuid), PL_OK);
    int chat = number_of(&chat_uuid);
    assert_true(stream->seen_count < SEEN_MAX);
    stream->seen[stream->seen_count++] = (struct seen){chat, message->seq, message->body_case};
    bool is_behind_start = stream->have[chat] + 1 < stream->first_seq[chat] && message->seq <= stream->first_seq[chat];
    if (message->seq == stream->have[chat] + 1)
        stream->have[chat]++;
    else if (message->seq > stream->have[chat] && (is_behind_start || adds(stream, message)))
        stream->have[chat] = message->seq;
    else if (message->seq <= stream->have[chat])
        stream->again_count++;
    else
        stream->is_disordered = true;
}

/* Up to there the log has gaps. */
static void take_log_start(struct pl_call *stream, const Parley__V1__LogStart *log_start)
{
    struct pl_uuid chat_uuid;
    assert_int_equal(pl_uuid_parse(log_start->chat_id, &chat_uuid), PL_OK);
    stream->first_seq[number_of(&chat_uuid)] = log_start->first_seq;
}

void pl_call_write(struct pl_call *call, const void *data, size_t bytes)
{
    assert_true(call->is_open);
    assert_false(call->is_writing);
    assert_false(call->is_failed);
    call->is_writing = true;
    Parley__V1__ServerFrame *frame = parley__v1__server_frame__unpack(NULL, bytes, data);
    assert_non_null(frame);
    assert_true(call->frame_count < FRAMES_MAX);
    call->frames[call->frame_count++] = frame;
    for (size_t i = 0; i < frame->n_entries; i++)
        take_entry(call, frame->entries[i]);
    for (size_t i = 0; i < frame->n_log_starts; i++)
        take_log_start(call, frame->log_starts[i]);
    if (frame->caught_up) {
        assert_false(call->caught_up);
        call->caught_up = true;
        call->seen_at_caught_up = call->seen_count;
    }
}

/* ---- what the device does ---- */

struct pl_call *stream_open_on(int user, int device, int loop)
{
    struct pl_call *stream = calloc(1, sizeof(*stream));
    pl_assert(stream != NULL && world->stream_count < sizeof(world->streams) / sizeof(world->streams[0]));
    stream->loop = &world->rpc.loops[loop];
    stream->principal = (struct pl_principal){
        .kind = PL_PRINCIPAL_DEVICE,
        .app_id = {id_of('a', 1)},
        .user_id = user_id(user),
        .device_id = device_id(device),
        .key_id = {id_of('k', 1)},
        .issued_at_us = pl_clock_wall_us(),
        .expires_at_us = pl_clock_wall_us() + TOKEN_US,
    };
    stream->is_open = true;
    world->streams[world->stream_count++] = stream;
    pl_connect.stream->opened(stream);
    return stream;
}

struct pl_call *stream_open(int user, int device)
{
    return stream_open_on(user, device, device % LOOPS);
}

void stream_receive(struct pl_call *stream, const Parley__V1__ClientFrame *frame)
{
    if (!stream->is_failed)
        pl_connect.stream->received(stream, &frame->base);
}

void stream_hello(struct pl_call *stream)
{
    Parley__V1__Hello hello = PARLEY__V1__HELLO__INIT;
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    hello.protocol_version = 1;
    frame.hello = &hello;
    stream_receive(stream, &frame);
}

void stream_half_close(struct pl_call *stream)
{
    pl_connect.stream->half_closed(stream);
}

void stream_written(struct pl_call *stream)
{
    assert_true(stream->is_writing);
    stream->is_writing = false;
    if (stream->is_open && !stream->is_failed)
        pl_connect.stream->written(stream);
}

void stream_close(struct pl_call *stream)
{
    assert_true(stream->is_open);
    pl_connect.stream->closed(stream);
    stream->is_open = false;
    stream->is_writing = false;
}

struct pl_call *stream_start(int user, int device)
{
    struct pl_call *stream = stream_open(user, device);
    stream_hello(stream);
    world_settle();
    return stream;
}

static void put_cursor(int chat, int64_t seq, char *text, Parley__V1__Cursor *cursor)
{
    struct pl_chat_id id = chat_id(chat);
    pl_uuid_format(&id.uuid, text);
    parley__v1__cursor__init(cursor);
    cursor->chat_id = text;
    cursor->seq = seq;
}

void stream_ack(struct pl_call *stream, int chat, int64_t seq)
{
    char text[PL_UUID_TEXT_CHARS + 1];
    Parley__V1__Cursor cursor, *acks[] = {&cursor};
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    put_cursor(chat, seq, text, &cursor);
    frame.n_acks = 1;
    frame.acks = acks;
    stream_receive(stream, &frame);
}

void stream_read(struct pl_call *stream, int chat, int64_t seq)
{
    char text[PL_UUID_TEXT_CHARS + 1];
    Parley__V1__Cursor cursor, *reads[] = {&cursor};
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    put_cursor(chat, seq, text, &cursor);
    frame.n_reads = 1;
    frame.reads = reads;
    stream_receive(stream, &frame);
}

void stream_send(struct pl_call *stream, uint64_t request_id, int chat, const char *body)
{
    char text[PL_UUID_TEXT_CHARS + 1];
    struct pl_chat_id id = chat_id(chat);
    Parley__V1__SendMessageRequest message = PARLEY__V1__SEND_MESSAGE_REQUEST__INIT;
    Parley__V1__Send send = PARLEY__V1__SEND__INIT, *sends[] = {&send};
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    pl_uuid_format(&id.uuid, text);
    message.chat_id = text;
    message.body_case = PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_CONTENT;
    message.content = (char *)(uintptr_t)body;
    send.request_id = request_id;
    send.message = &message;
    frame.n_sends = 1;
    frame.sends = sends;
    stream_receive(stream, &frame);
}

/* ---- what came ---- */

const Parley__V1__GoingAway *stream_going_away(const struct pl_call *stream)
{
    const Parley__V1__GoingAway *going_away = NULL;
    for (unsigned i = 0; i < stream->frame_count; i++)
        if (stream->frames[i]->going_away != NULL)
            going_away = stream->frames[i]->going_away;
    return going_away;
}

const Parley__V1__ServerFrame *stream_last(const struct pl_call *stream)
{
    assert_true(stream->frame_count > 0);
    return stream->frames[stream->frame_count - 1];
}

#define COUNT_OF(name, field)                                                                                          \
    unsigned stream_##name(const struct pl_call *stream)                                                               \
    {                                                                                                                  \
        size_t count = 0;                                                                                              \
        for (unsigned i = 0; i < stream->frame_count; i++)                                                             \
            count += stream->frames[i]->field;                                                                         \
        return (unsigned)count;                                                                                        \
    }
COUNT_OF(sents, n_sents)
COUNT_OF(faileds, n_faileds)
COUNT_OF(receipts, n_receipts)
COUNT_OF(group_receipts, n_group_receipts)
COUNT_OF(chats_advanced, n_chats_advanced)
COUNT_OF(presences, n_presences)
COUNT_OF(typings, n_typings)
COUNT_OF(read_oks, n_read_oks)
