/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A session's life: StreamService.Connect opens it, hello registers it, the end of the call detaches and frees it. */
#include "delivery/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "delivery/connect.h"
#include "delivery/presence.h"
#include "delivery/watch.h"
#include "rpc/fields.h"
#include "server.h"

#define PROTOCOL_VERSION 1
#define CLIENT_CHARS_MAX 128
#define HELLO_WAIT_US 10000000
#define END_WAIT_US 2000000

static void opened(struct pl_call *call);
static void received(struct pl_call *call, const ProtobufCMessage *message);
static void half_closed(struct pl_call *call);
static void written(struct pl_call *call);
static void on_timer(struct pl_timer *timer);

static const struct pl_stream_ops connect_ops = {
    .opened = opened,
    .received = received,
    .half_closed = half_closed,
    .written = written,
    .closed = pl_session_closed,
};

const struct pl_method pl_connect = {
    .path = "/parley.v1.StreamService/Connect",
    .request_bytes_max = PL_STREAM_FRAME_BYTES_MAX,
    .stream = &connect_ops,
};

static void arm(struct pl_session *session, int64_t due_us)
{
    pl_timers_arm(&session->loop->timers, &session->timer, due_us);
}

static enum pl_session_phase phase_of(const struct pl_session *session)
{
    if (!pl_session_is_open(session))
        return PL_PHASE_ENDING;
    if (session->state != PL_SESSION_RUNNING)
        return PL_PHASE_HELLO;
    return session->caught_up_told ? PL_PHASE_LIVE : PL_PHASE_CATCHING_UP;
}

void pl_session_count(struct pl_session *session)
{
    struct pl_metrics *metrics = &session->hub->server->metrics;
    enum pl_session_phase phase = phase_of(session);
    if (phase == session->phase || session->poll != NULL)
        return;
    pl_metrics_add(metrics, PL_METRIC_sessions + session->phase, -1);
    pl_metrics_add(metrics, PL_METRIC_sessions + phase, 1);
    session->phase = phase;
}

static void count_opened(struct pl_session *session, int change)
{
    struct pl_metrics *metrics = &session->hub->server->metrics;
    pl_metrics_add(metrics, session->poll != NULL ? PL_METRIC_polls : PL_METRIC_sessions + session->phase, change);
}

struct pl_session *pl_session_open(struct pl_call *call, struct pl_poll *poll)
{
    struct pl_server *server = pl_call_context(call);
    struct pl_session *session = calloc(1, sizeof(*session));
    pl_assert(session != NULL);
    session->hub = server->hub;
    session->loop = pl_call_loop(call);
    session->call = call;
    session->poll = poll;
    session->phase = PL_PHASE_HELLO;
    session->principal = *pl_call_principal(call);
    session->session_id = pl_uuid_v7();
    session->timer.run = on_timer;
    TAILQ_INIT(&session->wanting_head);
    TAILQ_INIT(&session->wanting_page);
    pl_session_out_init(session);
    pl_call_set_owner(call, session);
    pl_hub_count_session(session->hub, 1);
    count_opened(session, 1);
    arm(session, pl_clock_now_us() + HELLO_WAIT_US);
    return session;
}

static void opened(struct pl_call *call)
{
    pl_session_open(call, NULL);
}

bool pl_session_is_open(const struct pl_session *session)
{
    return session->call != NULL && session->end_status == PL_OK && !session->is_over;
}

struct pl_shard *pl_session_shard(const struct pl_session *session)
{
    struct pl_shard *shard = &session->hub->shards[session->loop->index];
    pl_assert(shard->loop == session->loop);
    return shard;
}

/* ---- hello ---- */

static bool take_cursors(struct pl_session *session, const Parley__V1__Hello *hello)
{
    for (size_t i = 0; i < hello->n_cursors; i++) {
        struct pl_chat_id chat;
        if (pl_uuid_parse(hello->cursors[i]->chat_id, &chat.uuid) != PL_OK || hello->cursors[i]->seq < 0)
            return false;
        struct pl_early_cursor *cursor = pl_session_early_cursor(session, &chat);
        if (cursor == NULL)
            return false;
        cursor->seq = hello->cursors[i]->seq;
    }
    /* None was named twice. */
    return HASH_COUNT(session->early_cursors) == hello->n_cursors;
}

/* Cursors of another epoch speak of a log that is no more. */
static bool epoch_matches(const struct pl_session *session, const Parley__V1__Hello *hello)
{
    struct pl_uuid theirs;
    struct pl_uuid ours = pl_db_epoch(session->hub->server->db);
    return pl_uuid_parse(hello->epoch, &theirs) == PL_OK && pl_uuid_equal(&theirs, &ours);
}

static void take_hello(struct pl_session *session, const Parley__V1__Hello *hello)
{
    if (hello->protocol_version != PROTOCOL_VERSION) {
        pl_session_fail(session, PL_INVALID_ARGUMENT, "hello.protocol_version must be 1");
        return;
    }
    if (!pl_field_chars(hello->client, 0, CLIENT_CHARS_MAX)) {
        pl_session_fail(session, PL_INVALID_ARGUMENT, "hello.client must be 0 to 128 characters");
        return;
    }
    if (epoch_matches(session, hello) && !take_cursors(session, hello)) {
        pl_session_fail(session, PL_INVALID_ARGUMENT, "hello.cursors must be at most 10000, one for each chat");
        return;
    }
    pl_session_arm_token(session);
    pl_session_register(session);
}

void pl_session_register(struct pl_session *session)
{
    session->state = PL_SESSION_REGISTERING;
    session->is_registered = true;
    session->user_task.run = pl_user_record_register;
    pl_mailbox_post(&pl_hub_user_shard(session->hub, &session->principal.user_id)->loop->mailbox, &session->user_task);
}

static void welcome(struct pl_session *session)
{
    struct pl_arena arena;
    pl_arena_init(&arena, 0);
    struct pl_uuid epoch = pl_db_epoch(session->hub->server->db);
    Parley__V1__Welcome welcome = PARLEY__V1__WELCOME__INIT;
    welcome.protocol_version = PROTOCOL_VERSION;
    welcome.session_id = pl_field_uuid(&session->session_id, &arena);
    welcome.epoch = pl_field_uuid(&epoch, &arena);
    welcome.server_time = pl_field_time(pl_clock_wall_us(), &arena);
    welcome.token_expires_at = pl_field_time(session->principal.expires_at_us, &arena);
    welcome.ack_interval_ms = PL_SESSION_ACK_INTERVAL_MS;
    welcome.ack_entries_max = PL_SESSION_ACK_ENTRIES;
    welcome.content_bytes_max = 65536;
    welcome.frame_bytes_max = PL_STREAM_FRAME_BYTES_MAX;
    welcome.sends_in_flight_max = PL_STREAM_SENDS_MAX;
    welcome.heartbeat_interval_ms = (int32_t)session->hub->server->config.heartbeat_interval_ms;
    pl_session_reply(session, PL_SERVER_FRAME_WELCOME, &welcome.base);
    pl_arena_fini(&arena);
}

static void unregister(struct pl_session *session)
{
    session->user_task.run = pl_user_record_unregister;
    pl_mailbox_post(&pl_hub_user_shard(session->hub, &session->principal.user_id)->loop->mailbox, &session->user_task);
}

void pl_session_registered(struct pl_task *task)
{
    struct pl_session *session = pl_container_of(task, struct pl_session, user_task);
    session->state = PL_SESSION_RUNNING;
    if (session->call == NULL) {
        unregister(session);
        return;
    }
    if (!pl_session_is_open(session))
        return;
    if (session->poll == NULL) {
        welcome(session);
        pl_session_heard(session);
        pl_session_count(session);
        pl_session_guard(session);
    }
    pl_session_list_chats(session);
}

/* ---- frames ---- */

static void received(struct pl_call *call, const ProtobufCMessage *message)
{
    struct pl_session *session = pl_call_owner(call);
    const Parley__V1__ClientFrame *frame = (const Parley__V1__ClientFrame *)message;
    if (!pl_session_is_open(session))
        return;
    bool is_first = session->state == PL_SESSION_OPENED;
    if (is_first != (frame->hello != NULL)) {
        pl_session_fail(session, PL_INVALID_ARGUMENT, "hello must be in the first frame, and only there");
        return;
    }
    if (is_first)
        take_hello(session, frame->hello);
    if (session->state == PL_SESSION_RUNNING)
        pl_session_heard(session);
    if (pl_session_is_open(session))
        pl_session_take_frame(session, frame);
}

/*
 * The client says no more, but still listens: what it asked for is answered and what waited for it is told, then the
 * stream ends well. What comes later would not be acknowledged; it is for the device's next stream.
 */
static void half_closed(struct pl_call *call)
{
    struct pl_session *session = pl_call_owner(call);
    session->is_half_closed = true;
    if (session->state == PL_SESSION_OPENED && pl_session_is_open(session))
        pl_session_fail(session, PL_INVALID_ARGUMENT, "hello must be in the first frame, and only there");
    else
        pl_session_flush_later(session);
}

static void written(struct pl_call *call)
{
    pl_session_written(pl_call_owner(call));
}

/* ---- the end ---- */

void pl_session_fail(struct pl_session *session, enum pl_status status, const char *sentence)
{
    session->end_status = status;
    if (session->is_over)
        return;
    session->is_over = true;
    pl_session_count(session);
    pl_call_fail(session->call, status, "%s", sentence != NULL ? sentence : pl_status_sentence(status));
}

void pl_session_finish(struct pl_session *session)
{
    session->is_over = true;
    pl_session_count(session);
    pl_call_finish(session->call);
}

void pl_session_end(struct pl_session *session, enum pl_status status, int reconnect_after_ms)
{
    if (!pl_session_is_open(session))
        return;
    if (session->poll != NULL) {
        pl_poll_end(session, status);
        return;
    }
    session->end_status = status;
    pl_session_count(session);
    Parley__V1__GoingAway going_away = PARLEY__V1__GOING_AWAY__INIT;
    going_away.reason = (char *)pl_status_reason(status);
    going_away.reconnect_after_ms = reconnect_after_ms;
    pl_session_reply(session, PL_SERVER_FRAME_GOING_AWAY, &going_away.base);
    /* A client that does not read does not get to keep the stream. */
    arm(session, pl_clock_now_us() + END_WAIT_US);
}

static void on_timer(struct pl_timer *timer)
{
    struct pl_session *session = pl_container_of(timer, struct pl_session, timer);
    if (session->end_status != PL_OK)
        pl_session_fail(session, session->end_status, NULL);
    else if (session->poll != NULL && session->state != PL_SESSION_OPENED)
        pl_poll_due(session);
    else if (session->state == PL_SESSION_OPENED)
        pl_session_fail(session, PL_DEADLINE_EXCEEDED, "hello did not come within 10 s");
    else
        pl_session_token_due(session);
}

static void free_when_over(struct pl_session *session)
{
    if (session->call != NULL || session->flush_deferred || session->bulk_deferred || session->out_count > 0 ||
        session->is_registered || session->subscription_count > 0 || session->watches != NULL)
        return;
    struct pl_hub *hub = session->hub;
    count_opened(session, -1);
    pl_session_out_fini(session);
    free(session->subscriptions);
    pl_poll_free(session);
    free(session);
    pl_hub_count_session(hub, -1);
}

void pl_session_unregistered(struct pl_task *task)
{
    struct pl_session *session = pl_container_of(task, struct pl_session, user_task);
    session->is_registered = false;
    free_when_over(session);
}

void pl_session_returned(struct pl_session *session)
{
    if (session->is_half_closed)
        pl_session_flush_later(session);
    free_when_over(session);
}

void pl_session_closed(struct pl_call *call)
{
    struct pl_session *session = pl_call_owner(call);
    session->call = NULL;
    pl_session_count(session);
    pl_timers_disarm(&session->loop->timers, &session->timer);
    pl_session_unguard(session);
    pl_session_forget_heard(session);
    pl_session_drop_early_cursors(session);
    pl_session_drop_entries(session);
    pl_session_detach_all(session);
    pl_session_end_watches(session);
    /* While it registers the answer is waited for. */
    if (session->state == PL_SESSION_RUNNING)
        unregister(session);
    pl_db_flush_marks(session->hub->server->db);
    free_when_over(session);
}
