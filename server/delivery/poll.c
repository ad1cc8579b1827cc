/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * SyncService.Sync: a session that gets one page. It attaches to the chats of its user, reads what the device has not
 * acknowledged and joins the lists as a stream does; but what a stream would write is gathered until every chat has
 * joined or a page is full, and then ends the call. When there is nothing by then, the call rests: nothing is asked of
 * the database until something is committed for it. So a rest outlives a revocation; what ends it is told only after
 * the database was asked whether the device may still have it, together with others that were woken (session_token.c).
 *
 * How far others are has no cursor. Each answer has a digest of it, in parts of the chats, for the next call to bring:
 * of a part whose digest is another, all is told again, and ends a rest.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/base64url.h"
#include "base/clock.h"
#include "base/limits.h"
#include "delivery/connect.h"
#include "delivery/session.h"
#include "parley/v1/sync_service.pb-c.h"
#include "server.h"

#define PARTS 32
#define DIGEST_BYTES (PARTS * sizeof(uint32_t))
#define TOKEN_CHARS PL_BASE64URL_CHARS(DIGEST_BYTES)
#define PAGE_BYTES_MAX (16 << 20)
#define RETRY_AFTER_MS 1000
#define SYNC_MORE_TAG 0x60
#define SYNC_TOKEN_TAG 0x6a

struct digest {
    uint32_t parts[PARTS];
};

enum vouching { NOT_VOUCHED, ASKED, VOUCHED };

struct pl_poll {
    int64_t page_size;
    bool has_rested;
    bool is_over; /* there is nothing to wait for: whatever there is, is told */
    enum vouching vouching;
    struct digest told;
};

static void opened(struct pl_call *call);
static void received(struct pl_call *call, const ProtobufCMessage *message);
static void half_closed(struct pl_call *call);
static void written(struct pl_call *call);

static const struct pl_stream_ops sync_ops = {
    .opened = opened,
    .received = received,
    .half_closed = half_closed,
    .written = written,
    .closed = pl_session_closed,
};

const struct pl_method pl_sync = {
    .path = "/parley.v1.SyncService/Sync",
    .request_bytes_max = 1024,
    .stream = &sync_ops,
};

void pl_poll_free(struct pl_session *session)
{
    const struct pl_poll *poll = session->poll;
    if (poll != NULL && poll->has_rested)
        pl_metrics_add(&session->hub->server->metrics, PL_METRIC_polls_resting, -1);
    free(session->poll);
}

/* ---- the request ---- */

static void opened(struct pl_call *call)
{
    struct pl_poll *poll = calloc(1, sizeof(*poll));
    pl_assert(poll != NULL);
    pl_session_open(call, poll);
}

static bool take_token(struct pl_poll *poll, const char *token)
{
    size_t bytes = 0;
    if (token[0] == '\0')
        return true;
    return pl_base64url_decode(token, strlen(token), (uint8_t *)poll->told.parts, DIGEST_BYTES, &bytes) == PL_OK &&
           bytes == DIGEST_BYTES;
}

static bool take_request(struct pl_session *session, const Parley__V1__SyncRequest *request)
{
    struct pl_poll *poll = session->poll;
    if (request->wait_seconds < 0 || request->wait_seconds > PL_SYNC_WAIT_S_MAX) {
        pl_session_fail(session, PL_INVALID_ARGUMENT, "wait_seconds must be 0 to 60");
        return false;
    }
    if (request->page_size < 0 || request->page_size > PL_SYNC_PAGE_SIZE_MAX) {
        pl_session_fail(session, PL_INVALID_PAGE_SIZE, "page_size must be 0 to 1000");
        return false;
    }
    if (!take_token(poll, request->sync_token)) {
        pl_session_fail(session, PL_INVALID_ARGUMENT, "sync_token is not one that Sync answered");
        return false;
    }
    poll->page_size = request->page_size == 0 ? PL_SYNC_PAGE_SIZE_DEFAULT : request->page_size;
    return true;
}

/* A token that ends first ends the rest: the next call says so. */
static void arm_rest(struct pl_session *session, int32_t wait_seconds)
{
    int64_t wait_us = (int64_t)wait_seconds * 1000000;
    int64_t left_us = session->principal.expires_at_us - pl_clock_wall_us();
    if (wait_us > left_us)
        wait_us = left_us;
    session->poll->is_over = wait_us <= 0;
    if (session->poll->is_over)
        pl_timers_disarm(&session->loop->timers, &session->timer);
    else
        pl_timers_arm(&session->loop->timers, &session->timer, pl_clock_now_us() + wait_us);
}

static void received(struct pl_call *call, const ProtobufCMessage *message)
{
    struct pl_session *session = pl_call_owner(call);
    const Parley__V1__SyncRequest *request = (const Parley__V1__SyncRequest *)message;
    if (!pl_session_is_open(session))
        return;
    if (session->state != PL_SESSION_OPENED) {
        pl_session_fail(session, PL_INVALID_ARGUMENT, "Sync takes one request");
        return;
    }
    if (!take_request(session, request))
        return;
    arm_rest(session, request->wait_seconds);
    pl_session_register(session);
}

static void half_closed(struct pl_call *call)
{
    struct pl_session *session = pl_call_owner(call);
    if (session->state == PL_SESSION_OPENED && pl_session_is_open(session))
        pl_session_fail(session, PL_INVALID_ARGUMENT, "Sync takes one request");
}

/* The one write is followed by the end at once, so nothing waits for it. */
static void written(struct pl_call *call)
{
    (void)call;
}

/* ---- how far others are ---- */

static unsigned part_of(const struct pl_subscription *subscription)
{
    return (unsigned)(pl_uuid_hash(&subscription->chat_id.uuid) % PARTS);
}

static uint32_t digest_of(const struct pl_subscription *subscription)
{
    uint64_t hash = pl_uuid_hash(&subscription->chat_id.uuid);
    hash = (hash ^ (uint64_t)subscription->peer.delivered_seq) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32 ^ (uint64_t)subscription->peer.read_seq) * UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)(hash >> 32);
}

static bool has_peer(const struct pl_subscription *subscription)
{
    return !pl_uuid_is_nil(&subscription->peer.user_id.uuid);
}

static struct digest digest_all(const struct pl_session *session)
{
    struct digest digest = {{0}};
    for (size_t i = 0; i < session->subscription_count; i++) {
        const struct pl_subscription *each = session->subscriptions[i];
        if (has_peer(each))
            digest.parts[part_of(each)] ^= digest_of(each);
    }
    return digest;
}

/* Whole parts one after another, so that a page that has no room for all of them has some for good. */
static void tell_part(struct pl_session *session, unsigned part)
{
    for (size_t i = 0; i < session->subscription_count; i++) {
        struct pl_subscription *each = session->subscriptions[i];
        if (!has_peer(each) || part_of(each) != part)
            continue;
        each->has_receipt = true;
        pl_session_tell_later(session, each);
    }
}

static void put_receipts(struct pl_session *session, struct pl_buf *page)
{
    struct digest now = digest_all(session);
    struct pl_subscription *each;
    for (size_t i = 0; i < session->subscription_count; i++)
        session->subscriptions[i]->has_receipt = false;
    for (unsigned part = 0; part < PARTS; part++)
        if (now.parts[part] != session->poll->told.parts[part])
            tell_part(session, part);
    pl_session_put_tellings(session, page);
    STAILQ_FOREACH (each, &session->telling, telling)
        if (each->has_receipt)
            now.parts[part_of(each)] = session->poll->told.parts[part_of(each)];
    session->poll->told = now;
}

/* ---- the answer ---- */

static bool is_caught_up(const struct pl_session *session)
{
    return session->has_listed && session->not_caught_up == 0;
}

static void put_token(const struct pl_poll *poll, struct pl_buf *page)
{
    char token[TOKEN_CHARS + 1];
    pl_base64url_encode(poll->told.parts, DIGEST_BYTES, token);
    pl_buf_put_length(page, SYNC_TOKEN_TAG, TOKEN_CHARS);
    pl_buf_put(page, token, TOKEN_CHARS);
}

static void put_page(struct pl_session *session, struct pl_buf *page)
{
    pl_session_put_entries(session, page, session->poll->page_size);
    bool has_more = !STAILQ_EMPTY(&session->entries) || !is_caught_up(session);
    if (!has_more)
        put_receipts(session, page);
    if (has_more) {
        pl_buf_put_u8(page, SYNC_MORE_TAG);
        pl_buf_put_u8(page, 1);
    }
}

static void answer(struct pl_session *session, bool is_empty)
{
    struct pl_buf page;
    pl_buf_init(&page, PAGE_BYTES_MAX);
    if (!is_empty)
        put_page(session, &page);
    put_token(session->poll, &page);
    pl_assert(!page.overflowed);
    pl_call_write(session->call, page.data, page.bytes);
    pl_buf_fini(&page);
    pl_session_finish(session);
}

/* ---- resting ---- */

/* Nobody asks for a page of a busy group here: what a stream would be told of it is fetched. */
static void fetch_advanced(struct pl_session *session)
{
    struct pl_subscription *subscription;
    STAILQ_FOREACH (subscription, &session->telling, telling) {
        if (subscription->advanced_seq == 0)
            continue;
        subscription->advanced_seq = 0;
        pl_session_fetch(subscription);
    }
}

static bool has_counts(const struct pl_session *session)
{
    const struct pl_subscription *subscription;
    STAILQ_FOREACH (subscription, &session->telling, telling)
        if (subscription->counts_count > 0)
            return true;
    return false;
}

static bool has_news(const struct pl_session *session)
{
    if (!STAILQ_EMPTY(&session->entries) || has_counts(session))
        return true;
    struct digest now = digest_all(session);
    return memcmp(&now, &session->poll->told, sizeof(now)) != 0;
}

/* What comes until the answer is there goes into the same page. */
static void ask(struct pl_session *session)
{
    if (session->poll->vouching == ASKED)
        return;
    session->poll->vouching = ASKED;
    pl_session_guard(session);
}

static void rest(struct pl_session *session)
{
    if (session->poll->has_rested)
        return;
    session->poll->has_rested = true;
    pl_metrics_add(&session->hub->server->metrics, PL_METRIC_polls_resting, 1);
}

void pl_poll_flush(struct pl_session *session)
{
    struct pl_poll *poll = session->poll;
    fetch_advanced(session);
    bool is_full = !pl_session_has_room(session);
    if (!is_full && !is_caught_up(session))
        return;
    bool is_due = is_full || has_news(session);
    if (is_due && poll->has_rested && poll->vouching != VOUCHED)
        ask(session);
    else if (is_due || poll->is_over)
        answer(session, false);
    else
        rest(session);
}

void pl_poll_due(struct pl_session *session)
{
    session->poll->is_over = true;
    pl_session_flush_later(session);
}

void pl_poll_vouched(struct pl_session *session)
{
    session->poll->vouching = VOUCHED;
    pl_session_flush_later(session);
}

void pl_poll_end(struct pl_session *session, enum pl_status status)
{
    if (status == PL_DRAINING || status == PL_SESSION_REPLACED) {
        answer(session, true);
        return;
    }
    if (pl_status_grpc_code(status) == pl_status_grpc_code(PL_UNAVAILABLE))
        pl_call_retry_after(session->call, RETRY_AFTER_MS);
    pl_session_fail(session, status, NULL);
}
