/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A stream's public functions and its thread. Other threads hand orders over by the mailbox; everything else happens on
 * the thread, which waits for the wire, the mailbox and the next thing that is due, whichever comes first.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "parley/v1/stream_service.pb-c.h"
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/error.h"
#include "sdk/c/src/quiet_signals.h"
#include "sdk/c/src/request.h"
#include "sdk/c/src/stream_state.h"

#define CONNECT_PATH "/parley.v1.StreamService/Connect"
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 10000
#define WELCOME_US 10000000
#define RECEIVED_BYTES_MAX ((size_t)256 << 20)
#define FRAME_BYTES_MAX ((size_t)4 << 20)
#define CLIENT_NAME_BYTES_MAX 128

/* ---- the thread ---- */

static void end(struct parley_stream *stream, const parley_error *error)
{
    struct pl_outbox_item *item;
    pthread_mutex_lock(&stream->lock);
    stream->closed = true;
    pthread_mutex_unlock(&stream->lock);
    stream->phase = PL_STREAM_ENDED;
    pl_mailbox_run(&stream->mailbox);
    while ((item = pl_outbox_drain(&stream->outbox)) != NULL)
        pl_session_fail(stream, item, error);
    pl_session_tell_state(stream, PARLEY_STREAM_ENDED, error);
}

static void end_closed(struct parley_stream *stream)
{
    parley_error error;
    pl_error_set(&error, PARLEY_CLOSED, NULL);
    end(stream, &error);
}

static int pause_ms(struct parley_stream *stream, const parley_error *error)
{
    int asked_ms = stream->going_away ? stream->reconnect_after_ms : error->retry_after_ms;
    int own_ms = pl_backoff_next_ms(&stream->backoff, pl_backoff_random());
    return asked_ms > 0 ? pl_backoff_spread_ms(asked_ms, pl_backoff_random()) : own_ms;
}

static void pause_after(struct parley_stream *stream, parley_error *error)
{
    error->retry_after_ms = pause_ms(stream, error);
    stream->phase = PL_STREAM_PAUSED;
    stream->connect_due_us = pl_clock_now_us() + (int64_t)error->retry_after_ms * 1000;
    pl_session_tell_state(stream, PARLEY_STREAM_LOST, error);
}

/* False when there is no token at present. */
static bool open_wire(struct parley_stream *stream)
{
    struct pl_token token;
    parley_error error;
    if (pl_token_renew(stream->tokens, &token, &error) != PARLEY_OK) {
        pause_after(stream, &error);
        return false;
    }
    pl_channel_retry_now(stream->channel);
    pl_wire_open(stream->wire, token.text);
    explicit_bzero(&token, sizeof token);
    return true;
}

static void connect_now(struct parley_stream *stream)
{
    pl_session_tell_state(stream, PARLEY_STREAM_CONNECTING, NULL);
    pl_cursors_begin_session(&stream->cursors);
    pl_reads_begin_session(&stream->reads);
    pl_fetches_begin_session(&stream->fetches);
    pl_typings_begin_session(&stream->typings);
    stream->watch_due = stream->watched_count > 0;
    pl_heads_check_begin_session(stream);
    pl_outbox_begin_session(&stream->outbox);
    stream->phase = PL_STREAM_OPENING;
    stream->half_closed = stream->going_away = stream->caught_up = false;
    stream->drop_error.status = PARLEY_OK;
    stream->connect_due_us = stream->ack_due_us = stream->reauth_due_us = INT64_MAX;
    stream->send_due_us = 0;
    if (!open_wire(stream))
        return;
    stream->answer_due_us = pl_clock_now_us() + WELCOME_US;
    pl_frame_write_hello(stream);
}

/* Why the call is over: the server's own word first, then ours, then that it just ended. */
static parley_error reason_of_end(const struct parley_stream *stream)
{
    parley_error error = *pl_wire_end(stream->wire);
    if (stream->drop_error.status != PARLEY_OK && (error.status == PARLEY_OK || error.status == PARLEY_CANCELLED))
        error = stream->drop_error;
    if (error.status == PARLEY_OK)
        pl_error_set(&error, PARLEY_UNREACHABLE, "the server ended the stream");
    return error;
}

static bool is_final(const struct parley_stream *stream, const parley_error *error)
{
    if (error->status == PARLEY_TOKEN_EXPIRED && pl_token_source_renews(stream->tokens))
        return false;
    return pl_error_is_final(error) || (stream->going_away && stream->reconnect_after_ms == 0);
}

static void take_end(struct parley_stream *stream)
{
    parley_error error = reason_of_end(stream);
    stream->answer_due_us = INT64_MAX;
    if (stream->closing) {
        end_closed(stream);
        return;
    }
    if (is_final(stream, &error)) {
        end(stream, &error);
        return;
    }
    pause_after(stream, &error);
}

static void take_due(struct parley_stream *stream)
{
    int64_t now_us = pl_clock_now_us();
    if (stream->phase == PL_STREAM_PAUSED && now_us >= stream->connect_due_us)
        connect_now(stream);
    else if (stream->phase == PL_STREAM_OPENING && now_us >= stream->answer_due_us)
        pl_session_drop(stream, PARLEY_UNREACHABLE, "the server did not welcome the stream in time");
    else if (stream->phase == PL_STREAM_LEAVING && now_us >= stream->answer_due_us)
        pl_session_drop(stream, PARLEY_CLOSED, "closed");
}

/* parley_stream_close was called; nothing happens when the end is already on its way. */
static void leave(struct parley_stream *stream)
{
    if (stream->phase == PL_STREAM_PAUSED)
        end_closed(stream);
    else if (stream->phase == PL_STREAM_OPENING)
        pl_session_drop(stream, PARLEY_CLOSED, "closed");
    else if (stream->phase == PL_STREAM_LIVE)
        pl_session_leave(stream);
}

static int64_t next_due_us(const struct parley_stream *stream)
{
    int64_t due_us = pl_frame_due_us(stream);
    if (stream->phase == PL_STREAM_PAUSED)
        return stream->connect_due_us;
    if (stream->phase == PL_STREAM_OPENING || stream->phase == PL_STREAM_LEAVING)
        return stream->answer_due_us < due_us ? stream->answer_due_us : due_us;
    if (stream->phase == PL_STREAM_LIVE && pl_heads_check_due_us(stream) < due_us)
        return pl_heads_check_due_us(stream);
    return due_us;
}

static void *run(void *argument)
{
    struct parley_stream *stream = argument;
    while (stream->phase != PL_STREAM_ENDED) {
        struct pl_wire_bytes bytes = {.data = NULL};
        switch (pl_wire_wait(stream->wire, next_due_us(stream), &bytes)) {
        case PL_WIRE_RECEIVED:
            pl_session_receive(stream, &bytes);
            break;
        case PL_WIRE_ENDED:
            take_end(stream);
            break;
        case PL_WIRE_ANSWERED:
            pl_heads_check_take(stream);
            break;
        case PL_WIRE_TIMEOUT:
        case PL_WIRE_RUNG:
        case PL_WIRE_WRITTEN:
            break;
        }
        pl_mailbox_run(&stream->mailbox);
        if (stream->closing)
            leave(stream);
        take_due(stream);
        pl_heads_check_due(stream);
        pl_frame_write_due(stream);
    }
    return NULL;
}

/* ---- orders of other threads ---- */

/* Of a chat. */
struct chat_order {
    struct pl_task task;
    struct parley_stream *stream;
    struct pl_cursor mark; /* seq only of read marks */
    bool is_typing;
};

static void take_send_order(struct pl_task *task)
{
    struct pl_outbox_item *item = pl_container_of(task, struct pl_outbox_item, task);
    pl_outbox_put(&item->stream->outbox, item);
}

static void take_read_order(struct pl_task *task)
{
    struct chat_order *order = pl_container_of(task, struct chat_order, task);
    pl_reads_put(&order->stream->reads, &order->mark);
    free(order);
}

static void take_show_order(struct pl_task *task)
{
    struct chat_order *order = pl_container_of(task, struct chat_order, task);
    pl_fetches_show(&order->stream->fetches, &order->mark.chat_id);
    free(order);
}

static void take_type_order(struct pl_task *task)
{
    struct chat_order *order = pl_container_of(task, struct chat_order, task);
    const struct pl_typing typing = {order->mark.chat_id, order->is_typing};
    if (order->stream->caught_up)
        pl_typings_put(&order->stream->typings, &typing, pl_clock_now_us());
    free(order);
}

/* Of users. */
struct watch_order {
    struct pl_task task;
    struct parley_stream *stream;
    size_t count;
    struct pl_user_id *users;
};

static void take_watch_order(struct pl_task *task)
{
    struct watch_order *order = pl_container_of(task, struct watch_order, task);
    struct parley_stream *stream = order->stream;
    free(stream->watched);
    stream->watched = order->users;
    stream->watched_count = order->count;
    stream->watch_due = true;
    free(order);
}

static void take_close_order(struct pl_task *task)
{
    pl_container_of(task, struct parley_stream, close_task)->closing = true;
}

static void ring(void *owner)
{
    pl_wire_ring(((struct parley_stream *)owner)->wire);
}

/* ---- public ---- */

static void set_client_name(struct parley_stream *stream, const struct parley_options *options)
{
    const char *name = options->client_name != NULL ? options->client_name : "libparley/" PARLEY_VERSION;
    size_t bytes = strnlen(name, CLIENT_NAME_BYTES_MAX);
    while (bytes > 0 && ((unsigned char)name[bytes] & 0xC0) == 0x80)
        bytes--;
    stream->client_name = strndup(name, bytes);
    pl_assert(stream->client_name != NULL);
}

static void init(struct parley_stream *stream, parley_client *client)
{
    pthread_mutex_init(&stream->lock, NULL);
    set_client_name(stream, client->options);
    stream->channel = client->channel;
    stream->tokens = &client->tokens;
    stream->wire = pl_wire_new(client->channel, CONNECT_PATH);
    pl_mailbox_init(&stream->mailbox, ring, stream);
    stream->close_task.run = take_close_order;
    stream->answer_due_us = stream->ack_due_us = stream->reauth_due_us = INT64_MAX;
    pl_backoff_init(&stream->backoff, BACKOFF_FIRST_MS, BACKOFF_MAX_MS);
    pl_cursors_init(&stream->cursors);
    pl_heads_init(&stream->heads);
    pl_heads_check_begin_session(stream);
    pl_reads_init(&stream->reads);
    pl_fetches_init(&stream->fetches);
    pl_typings_init(&stream->typings);
    pl_outbox_init(&stream->outbox);
    pl_arena_init(&stream->arena, RECEIVED_BYTES_MAX);
    pl_buf_init(&stream->frame, FRAME_BYTES_MAX);
}

static void fini(struct parley_stream *stream)
{
    pl_buf_fini(&stream->frame);
    pl_arena_fini(&stream->arena);
    free(stream->watched);
    pl_fetches_begin_session(&stream->fetches);
    pl_reads_fini(&stream->reads);
    pl_heads_fini(&stream->heads);
    pl_cursors_fini(&stream->cursors);
    pl_mailbox_fini(&stream->mailbox);
    pl_wire_free(stream->wire);
    free(stream->client_name);
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}

parley_status parley_stream_open(parley_client *client, const parley_stream_callbacks *callbacks, void *userdata,
                                 parley_stream **ret_stream, parley_error *ret_error)
{
    struct pl_quiet_signals signals;
    size_t known = callbacks->struct_bytes < sizeof *callbacks ? callbacks->struct_bytes : sizeof *callbacks;
    parley_stream *stream;
    int failure;
    if (known == 0)
        return pl_error_set(ret_error, PARLEY_INVALID_ARGUMENT, "the struct was not prepared with its init function");
    stream = calloc(1, sizeof *stream);
    pl_assert(stream != NULL);
    memcpy(&stream->callbacks, callbacks, known);
    stream->userdata = userdata;
    init(stream, client);
    *ret_stream = stream;
    pl_quiet_signals_begin(&signals);
    failure = pthread_create(&stream->thread, NULL, run, stream);
    pl_quiet_signals_end(&signals);
    if (failure == 0)
        return PARLEY_OK;
    *ret_stream = NULL;
    fini(stream);
    return pl_error_set(ret_error, PARLEY_INTERNAL, "a thread cannot be started: %s", strerror(failure));
}

void parley_stream_close(parley_stream *stream)
{
    if (stream == NULL)
        return;
    pl_assert(!pthread_equal(pthread_self(), stream->thread));
    pthread_mutex_lock(&stream->lock);
    if (!stream->closed)
        pl_mailbox_post(&stream->mailbox, &stream->close_task);
    pthread_mutex_unlock(&stream->lock);
    pthread_join(stream->thread, NULL);
    fini(stream);
}

/* A packed Send, ready for any number of frames. */
static struct pl_outbox_item *make_item(struct parley_stream *stream, Parley__V1__SendMessageRequest *request,
                                        uint64_t request_id)
{
    Parley__V1__Send send = PARLEY__V1__SEND__INIT;
    struct pl_outbox_item *item;
    send.request_id = request_id;
    send.message = request;
    item = calloc(1, sizeof *item + parley__v1__send__get_packed_size(&send));
    pl_assert(item != NULL);
    item->task.run = take_send_order;
    item->stream = stream;
    item->request_id = request_id;
    memcpy(item->message_id, request->message_id, PARLEY_ID_BYTES - 1);
    item->bytes = parley__v1__send__pack(&send, item->send);
    return item;
}

/* Under the lock, so that items are posted in the order of their request ids. */
static parley_status post_send(struct parley_stream *stream, Parley__V1__SendMessageRequest *request)
{
    struct pl_outbox_item *item;
    if (stream->closed)
        return PARLEY_CLOSED;
    item = make_item(stream, request, stream->request_id + 1);
    if (stream->outbox_messages >= PARLEY_OUTBOX_MESSAGES_MAX ||
        stream->outbox_bytes + item->bytes > PARLEY_OUTBOX_BYTES_MAX) {
        free(item);
        return PARLEY_OUTBOX_FULL;
    }
    stream->request_id++;
    stream->outbox_messages++;
    stream->outbox_bytes += item->bytes;
    pl_mailbox_post(&stream->mailbox, &item->task);
    return PARLEY_OK;
}

parley_status parley_stream_send(parley_stream *stream, const parley_draft *draft, char ret_message_id[PARLEY_ID_BYTES],
                                 parley_error *ret_error)
{
    char message_id[PARLEY_ID_BYTES];
    struct pl_arena arena;
    Parley__V1__SendMessageRequest *request = NULL;
    parley_status status;
    pl_arena_init(&arena, PARLEY_CONTENT_BYTES_MAX);
    parley_id_make(message_id);
    status = pl_request_of_draft(draft, message_id, &arena, &request, ret_error);
    if (status == PARLEY_OK) {
        pthread_mutex_lock(&stream->lock);
        status = post_send(stream, request);
        pthread_mutex_unlock(&stream->lock);
        if (status != PARLEY_OK)
            pl_error_set(ret_error, status, NULL);
        else if (ret_message_id != NULL)
            memcpy(ret_message_id, request->message_id, PARLEY_ID_BYTES);
    }
    pl_arena_fini(&arena);
    return status;
}

/* False when the stream has ended. */
static bool post(struct parley_stream *stream, struct pl_task *task)
{
    bool closed;
    pthread_mutex_lock(&stream->lock);
    closed = stream->closed;
    if (!closed)
        pl_mailbox_post(&stream->mailbox, task);
    pthread_mutex_unlock(&stream->lock);
    return !closed;
}

/* Takes a copy of the order. */
static parley_status post_order(const struct chat_order *order, parley_error *ret_error)
{
    struct chat_order *posted = malloc(sizeof *posted);
    pl_assert(posted != NULL);
    *posted = *order;
    if (post(order->stream, &posted->task))
        return PARLEY_OK;
    free(posted);
    return pl_error_set(ret_error, PARLEY_CLOSED, NULL);
}

parley_status parley_stream_read(parley_stream *stream, const char *chat_id, int64_t seq, parley_error *ret_error)
{
    struct chat_order order = {.task.run = take_read_order, .stream = stream, .mark.seq = seq};
    if (chat_id == NULL || pl_uuid_parse(chat_id, &order.mark.chat_id.uuid) != PL_OK)
        return pl_error_set(ret_error, PARLEY_INVALID_ID, NULL);
    if (seq < 1)
        return pl_error_set(ret_error, PARLEY_INVALID_ARGUMENT, "seq must be at least 1");
    return post_order(&order, ret_error);
}

parley_status parley_stream_show(parley_stream *stream, const char *chat_id, parley_error *ret_error)
{
    struct chat_order order = {.task.run = take_show_order, .stream = stream};
    if (chat_id != NULL && pl_uuid_parse(chat_id, &order.mark.chat_id.uuid) != PL_OK)
        return pl_error_set(ret_error, PARLEY_INVALID_ID, NULL);
    return post_order(&order, ret_error);
}

parley_status parley_stream_type(parley_stream *stream, const char *chat_id, bool is_typing, parley_error *ret_error)
{
    struct chat_order order = {.task.run = take_type_order, .stream = stream, .is_typing = is_typing};
    if (chat_id == NULL || pl_uuid_parse(chat_id, &order.mark.chat_id.uuid) != PL_OK)
        return pl_error_set(ret_error, PARLEY_INVALID_ID, NULL);
    return post_order(&order, ret_error);
}

static void free_watch_order(struct watch_order *order)
{
    free(order->users);
    free(order);
}

parley_status parley_stream_watch(parley_stream *stream, const char *const *user_ids, size_t count,
                                  parley_error *ret_error)
{
    struct watch_order *order;
    if (count > PARLEY_WATCHED_MAX)
        return pl_error_set(ret_error, PARLEY_INVALID_ARGUMENT, "at most %d users are watched", PARLEY_WATCHED_MAX);
    order = calloc(1, sizeof *order);
    pl_assert(order != NULL);
    *order = (struct watch_order){{.run = take_watch_order}, stream, count, calloc(count + 1, sizeof *order->users)};
    pl_assert(order->users != NULL);
    for (size_t i = 0; i < count; i++)
        if (user_ids[i] == NULL || pl_uuid_parse(user_ids[i], &order->users[i].uuid) != PL_OK) {
            free_watch_order(order);
            return pl_error_set(ret_error, PARLEY_INVALID_ID, NULL);
        }
    if (post(stream, &order->task))
        return PARLEY_OK;
    free_watch_order(order);
    return pl_error_set(ret_error, PARLEY_CLOSED, NULL);
}
