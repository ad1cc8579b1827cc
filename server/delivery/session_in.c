/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What a device says: messages to send, how far it has each chat, how far its user has read. */
#include <stdlib.h>
#include <string.h>

#include "auth/quota.h"
#include "base/clock.h"
#include "base/limits.h"
#include "delivery/session.h"
#include "delivery/typing.h"
#include "delivery/watch.h"
#include "messages/message.h"
#include "rpc/fields.h"
#include "server.h"

#define SEND_WAIT_US 10000000
#define RETRY_AFTER_MS 1000
#define REFUSED_GRACE_US 2000000

/* ---- sends ---- */

struct send {
    struct pl_append append;
    struct pl_session *session;
    uint64_t request_id;
    int64_t now_us; /* when it came */
    struct pl_arena arena;
};

static bool may_be_repeated(enum pl_status status)
{
    int code = pl_status_grpc_code(status);
    return code == pl_status_grpc_code(PL_UNAVAILABLE) || code == pl_status_grpc_code(PL_OVERLOADED) ||
           code == pl_status_grpc_code(PL_DEADLINE_EXCEEDED);
}

struct refusal {
    enum pl_status status;
    const char *sentence; /* NULL: the status' own */
    int retry_after_ms;
};

static void reply_failed(struct pl_session *session, uint64_t request_id, const struct refusal *refusal)
{
    Parley__V1__Failed failed = PARLEY__V1__FAILED__INIT;
    const char *sentence = refusal->sentence != NULL ? refusal->sentence : pl_status_sentence(refusal->status);
    failed.request_id = request_id;
    failed.code = pl_status_grpc_code(refusal->status);
    failed.reason = (char *)pl_status_reason(refusal->status);
    failed.message = (char *)sentence;
    failed.retry_after_ms = refusal->retry_after_ms;
    session->answers_waiting++;
    pl_session_reply(session, PL_SERVER_FRAME_FAILEDS, &failed.base);
    /* Refusals that the client does not read would gather without bound. */
    if (session->answers_waiting > 2 * PL_STREAM_SENDS_MAX)
        pl_session_fail(session, PL_OVERLOADED, "too many sends are unanswered on this stream");
}

static void fail_send(struct pl_session *session, uint64_t request_id, enum pl_status status, const char *sentence)
{
    reply_failed(session, request_id,
                 &(struct refusal){status, sentence, may_be_repeated(status) ? RETRY_AFTER_MS : 0});
}

static void reply_sent(struct pl_session *session, const struct send *send)
{
    struct pl_arena arena;
    pl_arena_init(&arena, 0);
    const struct pl_message *message = &send->append.message;
    Parley__V1__Sent sent = PARLEY__V1__SENT__INIT;
    sent.request_id = send->request_id;
    sent.chat_id = pl_field_uuid(&message->chat_id.uuid, &arena);
    sent.message_id = pl_field_uuid(&message->message_id.uuid, &arena);
    sent.seq = message->seq;
    sent.timestamp = pl_field_time(message->created_at_us, &arena);
    session->answers_waiting++;
    pl_session_reply(session, PL_SERVER_FRAME_SENTS, &sent.base);
    pl_arena_fini(&arena);
}

static void on_appended(struct pl_append *append)
{
    struct send *send = pl_container_of(append, struct send, append);
    struct pl_session *session = send->session;
    if (pl_session_is_open(session)) {
        if (append->status == PL_OK)
            reply_sent(session, send);
        else
            fail_send(session, send->request_id, append->status, NULL);
    }
    pl_arena_fini(&send->arena);
    free(send);
    session->sends_out--;
    session->out_count--;
    pl_session_returned(session);
}

/* ---- sends that a quota refuses ---- */

static bool is_repetition(const struct pl_refused_send *refused, const struct send *send)
{
    return refused->request_id == send->request_id ||
           pl_uuid_equal(&refused->message_id.uuid, &send->append.message.message_id.uuid);
}

/* A lower request_id is of a send that was refused earlier, for whatever reason: its place is before. */
static bool is_held_back(const struct pl_refused_send *refused, const struct send *send)
{
    return refused->until_us > send->now_us && send->request_id > refused->request_id && !is_repetition(refused, send);
}

/* The wait is that of the refused send, also for those behind it. */
static void fail_refused(struct pl_session *session, uint64_t request_id)
{
    const struct pl_refused_send *refused = &session->refused_send;
    reply_failed(session, request_id, &(struct refusal){PL_RATE_LIMITED, refused->sentence, refused->retry_after_ms});
}

/*
 * False when it is refused. So is everything then that was sent behind it, until it comes again: while the client does
 * not know of the refusal yet, later messages must not overtake this one. A client that gives it up is held back for
 * two seconds.
 */
static bool pay(struct pl_session *session, const struct send *send)
{
    const struct pl_message *message = &send->append.message;
    struct pl_spending spending = {.messages = 1, .bytes = (int64_t)(message->body_bytes + message->metadata_bytes)};
    struct pl_refused_send *refused = &session->refused_send;
    struct pl_quota_taking taking;
    if (!is_held_back(refused, send)) {
        if (pl_quota_take(&session->principal, &spending, send->now_us, &taking)) {
            if (is_repetition(refused, send))
                refused->until_us = 0;
            return true;
        }
        int retry_after_ms = pl_quota_retry_ms(&taking);
        *refused = (struct pl_refused_send){
            .request_id = send->request_id,
            .message_id = message->message_id,
            .until_us = send->now_us + (int64_t)retry_after_ms * 1000 + REFUSED_GRACE_US,
            .retry_after_ms = retry_after_ms,
            .sentence = pl_quota_sentence(&taking),
        };
    }
    fail_refused(session, send->request_id);
    return false;
}

/* ---- a send ---- */

static struct send *new_send(struct pl_session *session, uint64_t request_id)
{
    struct send *send = calloc(1, sizeof(*send));
    pl_assert(send != NULL);
    pl_arena_init(&send->arena, 0);
    send->session = session;
    send->request_id = request_id;
    send->append.home = &session->loop->mailbox;
    send->append.done = on_appended;
    send->now_us = pl_clock_now_us();
    send->append.deadline_us = send->now_us + SEND_WAIT_US;
    return send;
}

static void free_send(struct send *send)
{
    pl_arena_fini(&send->arena);
    free(send);
}

static void take_send(struct pl_session *session, const Parley__V1__Send *request)
{
    if (request->message == NULL) {
        fail_send(session, request->request_id, PL_INVALID_ARGUMENT, "message must be set");
        return;
    }
    if (session->sends_out + session->answers_waiting >= PL_STREAM_SENDS_MAX) {
        fail_send(session, request->request_id, PL_OVERLOADED, "too many sends are unanswered on this stream");
        return;
    }
    struct send *send = new_send(session, request->request_id);
    const char *sentence = NULL;
    enum pl_status status =
        pl_message_from_request(request->message, &session->principal, &send->arena, &send->append, &sentence);
    if (status != PL_OK)
        fail_send(session, request->request_id, status, sentence);
    if (status != PL_OK || !pay(session, send)) {
        free_send(send);
        return;
    }
    session->sends_out++;
    session->out_count++;
    pl_db_append(session->hub->server->db, &send->append);
}

/* ---- acks ---- */

void pl_session_mark_cursor(struct pl_session *session, struct pl_subscription *subscription, int64_t seq)
{
    if (seq <= subscription->acked_seq)
        return;
    subscription->acked_seq = seq;
    struct pl_mark *mark = calloc(1, sizeof(*mark));
    pl_assert(mark != NULL);
    mark->chat_id = subscription->chat_id;
    mark->user_id = session->principal.user_id;
    mark->device_id = session->principal.device_id;
    mark->cursor_seq = seq;
    mark->members = subscription->others;
    pl_db_mark(session->hub->server->db, mark);
}

static void take_ack(struct pl_session *session, struct pl_subscription *subscription, int64_t seq)
{
    pl_metrics_add(&session->hub->server->metrics, PL_METRIC_entries_acked_total, 1);
    pl_session_mark_cursor(session, subscription, seq);
}

/* ---- reads ---- */

struct reading {
    struct pl_mark mark;
    struct pl_session *session;
};

static void on_read(struct pl_mark *mark);

static void submit_read(struct pl_session *session, struct pl_subscription *subscription)
{
    struct reading *reading = calloc(1, sizeof(*reading));
    pl_assert(reading != NULL);
    reading->session = session;
    reading->mark.home = &session->loop->mailbox;
    reading->mark.done = on_read;
    reading->mark.chat_id = subscription->chat_id;
    reading->mark.user_id = session->principal.user_id;
    reading->mark.read_seq = subscription->read_seq;
    subscription->is_marking = true;
    session->out_count++;
    pl_db_mark(session->hub->server->db, &reading->mark);
}

static void take_marked(struct pl_session *session, struct pl_subscription *subscription, const struct pl_mark *mark)
{
    subscription->is_marking = false;
    if (subscription->read_seq > mark->read_seq)
        submit_read(session, subscription);
    /* A read that failed is not answered: the client repeats it. */
    if (mark->status != PL_OK)
        return;
    subscription->read_ok_seq = mark->ret_read_seq;
    pl_session_tell_later(session, subscription);
}

static void on_read(struct pl_mark *mark)
{
    struct reading *reading = pl_container_of(mark, struct reading, mark);
    struct pl_session *session = reading->session;
    struct pl_subscription *subscription = pl_session_find(session, &mark->chat_id);
    if (subscription != NULL && pl_session_is_open(session))
        take_marked(session, subscription, mark);
    free(reading);
    session->out_count--;
    pl_session_returned(session);
}

void pl_session_mark_read(struct pl_session *session, struct pl_subscription *subscription, int64_t seq)
{
    if (seq > subscription->read_seq)
        subscription->read_seq = seq;
    if (!subscription->is_marking)
        submit_read(session, subscription);
}

/*
 * A client repeats a read until it is answered, so one may come as soon as the stream is open; or for a chat that the
 * user has left, of which this session has nothing to deliver: it is looked up then.
 */
static void take_early_read(struct pl_session *session, const struct pl_chat_id *chat, int64_t seq)
{
    struct pl_early_cursor *cursor = pl_session_early_cursor(session, chat);
    if (cursor == NULL) {
        pl_session_fail(session, PL_INVALID_ARGUMENT, "too many reads came before the chats were known");
        return;
    }
    if (seq > cursor->read_seq)
        cursor->read_seq = seq;
    if (session->has_listed)
        pl_session_look_up(session, chat);
}

/* ---- the frame ---- */

static bool awaits_head(const struct pl_subscription *subscription)
{
    return subscription == NULL || subscription->state == PL_SUBSCRIPTION_ATTACHING ||
           subscription->state == PL_SUBSCRIPTION_ATTACHED;
}

/* A cursor may name only what was sent to this device. */
static void take_cursor(struct pl_session *session, const Parley__V1__Cursor *cursor, bool is_read)
{
    struct pl_chat_id chat;
    if (pl_uuid_parse(cursor->chat_id, &chat.uuid) != PL_OK) {
        pl_session_fail(session, PL_INVALID_ID, "a cursor's chat_id is not a UUID of 36 characters");
        return;
    }
    struct pl_subscription *subscription = pl_session_find(session, &chat);
    bool is_early = is_read && cursor->seq >= 0 && awaits_head(subscription);
    if (is_early)
        take_early_read(session, &chat, cursor->seq);
    else if (subscription == NULL || cursor->seq < 0 || cursor->seq > subscription->sent_seq)
        pl_session_fail(session, PL_INVALID_ARGUMENT, "a cursor is above what was sent to this device");
    else if (is_read)
        pl_session_mark_read(session, subscription, cursor->seq);
    else
        take_ack(session, subscription, cursor->seq);
}

static void take_cursors(struct pl_session *session, Parley__V1__Cursor **cursors, size_t count, bool are_reads)
{
    for (size_t i = 0; i < count && pl_session_is_open(session); i++)
        take_cursor(session, cursors[i], are_reads);
}

/* A chat that the device is not told of any more may have ended while the fetch was on its way. */
static void take_fetch(struct pl_session *session, const Parley__V1__Fetch *fetch)
{
    struct pl_chat_id chat;
    if (pl_uuid_parse(fetch->chat_id, &chat.uuid) != PL_OK) {
        pl_session_fail(session, PL_INVALID_ID, "a fetch's chat_id is not a UUID of 36 characters");
        return;
    }
    struct pl_subscription *subscription = pl_session_find(session, &chat);
    if (awaits_head(subscription))
        return;
    if (fetch->after_seq < 0 || fetch->after_seq > subscription->sent_seq)
        pl_session_fail(session, PL_INVALID_ARGUMENT, "a fetch is above what was sent to this device");
    else
        pl_session_fetch(subscription);
}

void pl_session_take_frame(struct pl_session *session, const Parley__V1__ClientFrame *frame)
{
    for (size_t i = 0; i < frame->n_sends && pl_session_is_open(session); i++)
        take_send(session, frame->sends[i]);
    take_cursors(session, frame->acks, frame->n_acks, false);
    take_cursors(session, frame->reads, frame->n_reads, true);
    for (size_t i = 0; i < frame->n_fetches && pl_session_is_open(session); i++)
        take_fetch(session, frame->fetches[i]);
    for (size_t i = 0; i < frame->n_typings && pl_session_is_open(session); i++)
        pl_session_type(session, frame->typings[i]);
    if (frame->watch != NULL && pl_session_is_open(session))
        pl_session_watch_presence(session, frame->watch);
    if (frame->reauth != NULL && pl_session_is_open(session))
        pl_session_reauth(session, frame->reauth);
}
