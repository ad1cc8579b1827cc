/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * How long a stream may go on. Its token ends it at exp, after token_expiring, unless the device sends a newer one; and
 * whoever revokes the device, the user or the signing key ends it within 5 s, by no other way than the database: each
 * loop asks for its sessions, every 4 s and at once for new ones, for what let them in may have been known to the cache
 * for 5 s already. A question takes along who is due within the next second: asked together once, they are due together
 * from then on, and rest costs a few questions every 4 s, whenever the sessions came. When the database cannot say, the
 * stream goes on. What its app may send and create comes with the answer.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "base/clock.h"
#include "delivery/session.h"
#include "rpc/fields.h"
#include "server.h"

#define EXPIRING_US 60000000
#define EXPIRING_PART 10 /* of a life that is shorter than ten minutes */
#define REAUTH_WAIT_US 10000000
#define REAUTH_AGAIN_US 1000000
#define CHECK_EVERY_US 4000000
#define CHECK_TOGETHER_US 1000000
#define CHECK_AGAIN_US 500000
#define CHECK_WAIT_US 4000000
#define CHECK_SESSIONS_MAX 1000

/* ---- the token's end ---- */

static int64_t expiring_us(const struct pl_principal *principal)
{
    int64_t part_us = (principal->expires_at_us - principal->issued_at_us) / EXPIRING_PART;
    return part_us < EXPIRING_US ? part_us : EXPIRING_US;
}

void pl_session_arm_token(struct pl_session *session)
{
    int64_t wait_us = session->principal.expires_at_us - pl_clock_wall_us();
    if (!session->expiring_told)
        wait_us -= expiring_us(&session->principal);
    pl_timers_arm(&session->loop->timers, &session->timer, pl_clock_now_us() + wait_us);
}

static void tell_expiring(struct pl_session *session)
{
    struct pl_arena arena;
    pl_arena_init(&arena, 0);
    Parley__V1__TokenExpiring expiring = PARLEY__V1__TOKEN_EXPIRING__INIT;
    expiring.expires_at = pl_field_time(session->principal.expires_at_us, &arena);
    pl_session_reply(session, PL_SERVER_FRAME_TOKEN_EXPIRING, &expiring.base);
    pl_arena_fini(&arena);
}

/* The two clocks may have drifted since the timer was armed: the token's counts. */
void pl_session_token_due(struct pl_session *session)
{
    int64_t left_us = session->principal.expires_at_us - pl_clock_wall_us();
    if (left_us <= 0) {
        pl_session_end(session, PL_TOKEN_EXPIRED, 0);
        return;
    }
    if (!session->expiring_told && left_us <= expiring_us(&session->principal)) {
        session->expiring_told = true;
        tell_expiring(session);
    }
    pl_session_arm_token(session);
}

/* ---- a newer token ---- */

struct reauth {
    struct pl_token_check check;
    struct pl_session *session;
    struct pl_arena arena;
};

static bool is_same_device(const struct pl_principal *a, const struct pl_principal *b)
{
    return pl_uuid_equal(&a->app_id.uuid, &b->app_id.uuid) && pl_uuid_equal(&a->user_id.uuid, &b->user_id.uuid) &&
           pl_uuid_equal(&a->device_id.uuid, &b->device_id.uuid);
}

static bool is_shut_out(enum pl_status status)
{
    return status == PL_USER_DEACTIVATED || pl_status_grpc_code(status) == pl_status_grpc_code(PL_TOKEN_INVALID);
}

/* Nobody can say now whether the token is good: the old one still counts, and if it is about to end, that is told
 * again. */
static void wait_to_ask_again(struct pl_session *session)
{
    int64_t again_us = pl_clock_now_us() + REAUTH_AGAIN_US;
    session->expiring_told = false;
    pl_session_arm_token(session);
    if (session->timer.due_us < again_us)
        pl_timers_arm(&session->loop->timers, &session->timer, again_us);
}

/* Who it is stays; other loops may be reading that now. */
static void take_newer(struct pl_principal *principal, const struct pl_principal *newer)
{
    principal->quota = newer->quota;
    principal->key_id = newer->key_id;
    principal->issued_at_us = newer->issued_at_us;
    principal->expires_at_us = newer->expires_at_us;
}

static void take_answer(struct pl_session *session, const struct pl_token_check *check)
{
    if (check->status != PL_OK && !is_shut_out(check->status)) {
        wait_to_ask_again(session);
    } else if (check->status != PL_OK) {
        pl_session_end(session, check->status, 0);
    } else if (!is_same_device(&check->principal, &session->principal)) {
        pl_session_end(session, PL_TOKEN_INVALID, 0);
    } else {
        take_newer(&session->principal, &check->principal);
        session->expiring_told = false;
        pl_session_arm_token(session);
    }
}

static void on_checked(struct pl_token_check *check)
{
    struct reauth *reauth = pl_container_of(check, struct reauth, check);
    struct pl_session *session = reauth->session;
    session->is_reauthenticating = false;
    if (pl_session_is_open(session))
        take_answer(session, check);
    pl_arena_fini(&reauth->arena);
    free(reauth);
    session->out_count--;
    pl_session_returned(session);
}

void pl_session_reauth(struct pl_session *session, const Parley__V1__Reauth *request)
{
    if (session->is_reauthenticating) {
        pl_session_fail(session, PL_INVALID_ARGUMENT, "the reauth before is still in work");
        return;
    }
    struct reauth *reauth = calloc(1, sizeof(*reauth));
    pl_assert(reauth != NULL);
    pl_arena_init(&reauth->arena, 0);
    reauth->session = session;
    reauth->check.token = pl_arena_copy(&reauth->arena, request->token, strlen(request->token));
    reauth->check.arena = &reauth->arena;
    reauth->check.home = &session->loop->mailbox;
    reauth->check.deadline_us = pl_clock_now_us() + REAUTH_WAIT_US;
    reauth->check.done = on_checked;
    session->is_reauthenticating = true;
    session->out_count++;
    pl_token_check_begin(session->hub->server->auth, &reauth->check);
}

/* ---- revocation ---- */

/* One question about many sessions, which it keeps from being freed. */
struct inquiry {
    struct pl_shard *shard;
    struct pl_arena arena;
    unsigned count;
    struct pl_session *sessions[CHECK_SESSIONS_MAX];
};

static void arm_guard(struct pl_shard *shard)
{
    const struct pl_session *first = TAILQ_FIRST(&shard->guarded);
    if (first == NULL)
        pl_timers_disarm(&shard->loop->timers, &shard->guard_timer);
    else if (!shard->is_inquiring)
        pl_timers_arm(&shard->loop->timers, &shard->guard_timer, first->guard_due_us);
}

void pl_session_guard(struct pl_session *session)
{
    struct pl_shard *shard = pl_session_shard(session);
    session->is_guarded = true;
    session->guard_due_us = pl_clock_now_us();
    TAILQ_INSERT_HEAD(&shard->guarded, session, guarded);
    arm_guard(shard);
}

void pl_session_unguard(struct pl_session *session)
{
    if (!session->is_guarded)
        return;
    session->is_guarded = false;
    TAILQ_REMOVE(&pl_session_shard(session)->guarded, session, guarded);
    arm_guard(pl_session_shard(session));
}

static struct inquiry *inquiry_new(struct pl_shard *shard)
{
    struct inquiry *inquiry = malloc(sizeof(*inquiry));
    pl_assert(inquiry != NULL);
    inquiry->shard = shard;
    inquiry->count = 0;
    pl_arena_init(&inquiry->arena, 0);
    return inquiry;
}

/* The list is in the order of what is due. */
static void take_due(struct inquiry *inquiry)
{
    struct pl_shard *shard = inquiry->shard;
    int64_t until_us = pl_clock_now_us() + CHECK_TOGETHER_US;
    struct pl_session *session;
    while ((session = TAILQ_FIRST(&shard->guarded)) != NULL && session->guard_due_us <= until_us &&
           inquiry->count < CHECK_SESSIONS_MAX) {
        TAILQ_REMOVE(&shard->guarded, session, guarded);
        session->is_guarded = false;
        session->out_count++;
        inquiry->sessions[inquiry->count++] = session;
    }
}

static void put_column(const struct inquiry *inquiry, struct pl_params *params,
                       const struct pl_uuid *(*column)(const struct pl_principal *principal))
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, inquiry->count);
    for (unsigned i = 0; i < inquiry->count; i++)
        pl_array_uuid(&array, column(&inquiry->sessions[i]->principal));
    pl_array_end(&array);
}

static const struct pl_uuid *app_of(const struct pl_principal *principal)
{
    return &principal->app_id.uuid;
}

static const struct pl_uuid *user_of(const struct pl_principal *principal)
{
    return &principal->user_id.uuid;
}

static const struct pl_uuid *device_of(const struct pl_principal *principal)
{
    return &principal->device_id.uuid;
}

static const struct pl_uuid *key_of(const struct pl_principal *principal)
{
    return &principal->key_id.uuid;
}

static void on_answered(struct pl_query *query, void *context);

void pl_shard_inquire(struct pl_timer *timer)
{
    struct pl_shard *shard = pl_container_of(timer, struct pl_shard, guard_timer);
    struct inquiry *inquiry = inquiry_new(shard);
    take_due(inquiry);
    pl_assert(inquiry->count > 0);
    shard->is_inquiring = true;
    struct pl_query *query = pl_query_new(&inquiry->arena, &shard->loop->mailbox, on_answered, inquiry);
    query->deadline_us = pl_clock_now_us() + CHECK_WAIT_US;
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_SESSIONS_REVOKED);
    put_column(inquiry, params, user_of);
    put_column(inquiry, params, device_of);
    put_column(inquiry, params, key_of);
    put_column(inquiry, pl_query_add(query, PL_STATEMENT_APPS_QUOTAS), app_of);
    pl_db_query(shard->hub->server->db, query);
}

/* Behind all others, or before them when it could not be answered. */
static void guard_again(struct pl_shard *shard, struct pl_session *session, bool was_answered)
{
    if (!pl_session_is_open(session))
        return;
    if (session->poll != NULL) {
        pl_poll_vouched(session);
        return;
    }
    session->is_guarded = true;
    session->guard_due_us = pl_clock_now_us() + (was_answered ? CHECK_EVERY_US : CHECK_AGAIN_US);
    if (was_answered)
        TAILQ_INSERT_TAIL(&shard->guarded, session, guarded);
    else
        TAILQ_INSERT_HEAD(&shard->guarded, session, guarded);
}

/* Of a row: a session that is to end has its device revoked, or its user deactivated, or else its key revoked. */
static enum pl_status why_revoked(const struct pl_rows *rows, int row)
{
    if (pl_rows_bool(rows, row, 1))
        return PL_DEVICE_REVOKED;
    return pl_rows_bool(rows, row, 2) ? PL_USER_DEACTIVATED : PL_TOKEN_INVALID;
}

static void end_revoked(const struct inquiry *inquiry, const struct pl_rows *rows)
{
    for (int row = 0; row < pl_rows_count(rows); row++) {
        int64_t number = pl_rows_int(rows, row, 0);
        pl_assert(number >= 1 && number <= inquiry->count);
        pl_session_end(inquiry->sessions[number - 1], why_revoked(rows, row), 0);
    }
}

static void take_quotas(const struct inquiry *inquiry, const struct pl_rows *rows)
{
    struct pl_auth *auth = inquiry->shard->hub->server->auth;
    for (int row = 0; row < pl_rows_count(rows); row++) {
        struct pl_app_id app_id = {pl_rows_uuid(rows, row, 0)};
        pl_auth_limit_app(auth, &app_id, rows, row, 1);
    }
}

static void on_answered(struct pl_query *query, void *context)
{
    struct inquiry *inquiry = context;
    struct pl_shard *shard = inquiry->shard;
    bool was_answered = query->status == PL_OK;
    if (was_answered) {
        end_revoked(inquiry, &query->steps[0].rows);
        take_quotas(inquiry, &query->steps[1].rows);
    }
    shard->is_inquiring = false;
    for (unsigned i = 0; i < inquiry->count; i++) {
        struct pl_session *session = inquiry->sessions[i];
        guard_again(shard, session, was_answered);
        session->out_count--;
        pl_session_returned(session);
    }
    arm_guard(shard);
    pl_arena_fini(&inquiry->arena);
    free(inquiry);
}
