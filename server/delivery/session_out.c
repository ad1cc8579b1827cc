/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What a session tells its device. One write is in flight; everything else gathers and leaves as one frame at the end
 * of the turn in which the write is done. The queue of entries is bounded by bytes, answers to sends by their number,
 * and receipts and read_oks by coalescing: of each chat, and of each message in a group, only the newest is kept.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "base/clock.h"
#include "delivery/session.h"
#include "delivery/typing.h"
#include "delivery/watch.h"
#include "messages/status.h"
#include "rpc/fields.h"
#include "server.h"

#define FRAME_ENTRIES_BYTES 262144
#define FRAME_BYTES_MAX (2 << 20)
/* What is said in a chat that more follow leaves in bulk, so that others need not wait for all of them. */
#define SOON_FOLLOWERS_MAX 64
#define BULK_ACK_MS_MAX 2000
#define BULK_ACK_MS_EACH 8

static void flush_soon(struct pl_task *task);
static void flush_in_bulk(struct pl_task *task);

void pl_session_out_init(struct pl_session *session)
{
    STAILQ_INIT(&session->entries);
    STAILQ_INIT(&session->telling);
    pl_buf_init(&session->replies, FRAME_BYTES_MAX);
    session->flush_task.run = flush_soon;
    session->bulk_task.run = flush_in_bulk;
}

void pl_session_drop_entries(struct pl_session *session)
{
    struct pl_queued_entry *queued;
    while ((queued = STAILQ_FIRST(&session->entries)) != NULL) {
        STAILQ_REMOVE_HEAD(&session->entries, next);
        queued->subscription->queued_seq = queued->subscription->sent_seq;
        if (queued->entry != NULL)
            pl_entry_release(queued->entry);
        else
            queued->subscription->first_seq = 0;
        free(queued);
    }
    session->entries_bytes = 0;
}

void pl_session_out_fini(struct pl_session *session)
{
    pl_session_drop_entries(session);
    pl_buf_fini(&session->replies);
    pl_session_drop_typings(session);
}

void pl_session_flush_later(struct pl_session *session)
{
    if (session->flush_deferred || session->is_writing || session->call == NULL)
        return;
    session->flush_deferred = true;
    pl_loop_defer(session->loop, &session->flush_task);
}

static void flush_with_others(struct pl_session *session)
{
    if (session->flush_deferred || session->bulk_deferred || session->is_writing || session->call == NULL)
        return;
    session->bulk_deferred = true;
    pl_loop_defer_bulk(session->loop, &session->bulk_task);
}

void pl_session_put_element(struct pl_buf *buf, uint8_t tag, const ProtobufCMessage *message)
{
    size_t bytes = protobuf_c_message_get_packed_size(message);
    pl_buf_put_length(buf, tag, bytes);
    uint8_t *at = pl_buf_extend(buf, bytes);
    if (at != NULL)
        protobuf_c_message_pack(message, at);
}

void pl_session_reply(struct pl_session *session, uint8_t tag, const ProtobufCMessage *message)
{
    pl_session_put_element(&session->replies, tag, message);
    pl_session_flush_later(session);
}

/* ---- entries ---- */

bool pl_session_has_room(const struct pl_session *session)
{
    return session->entries_bytes < (size_t)session->hub->server->config.session_queue_bytes_max / 2;
}

static size_t queued_bytes(const struct pl_entry *entry)
{
    return pl_entry_size(entry) + sizeof(struct pl_queued_entry);
}

bool pl_session_is_full(const struct pl_session *session, const struct pl_entry *entry)
{
    size_t bytes_max = (size_t)session->hub->server->config.session_queue_bytes_max;
    return session->entries_bytes > 0 && session->entries_bytes + queued_bytes(entry) > bytes_max;
}

void pl_session_queue_entry(struct pl_session *session, struct pl_subscription *subscription, struct pl_entry *entry)
{
    struct pl_queued_entry *queued = malloc(sizeof(*queued));
    pl_assert(queued != NULL);
    *queued = (struct pl_queued_entry){.subscription = subscription, .entry = entry};
    STAILQ_INSERT_TAIL(&session->entries, queued, next);
    session->entries_bytes += queued_bytes(entry);
    subscription->queued_seq = entry->seq;
    if (subscription->others > SOON_FOLLOWERS_MAX)
        flush_with_others(session);
    else
        pl_session_flush_later(session);
}

void pl_session_queue_log_start(struct pl_subscription *subscription, int64_t first_seq)
{
    struct pl_session *session = subscription->session;
    if (first_seq <= subscription->first_seq)
        return;
    subscription->first_seq = first_seq;
    struct pl_queued_entry *queued = malloc(sizeof(*queued));
    pl_assert(queued != NULL);
    *queued = (struct pl_queued_entry){.subscription = subscription, .first_seq = first_seq};
    STAILQ_INSERT_TAIL(&session->entries, queued, next);
    pl_session_flush_later(session);
}

static void put_log_start(const struct pl_queued_entry *queued, struct pl_buf *frame)
{
    char chat_id[PL_UUID_TEXT_CHARS + 1];
    pl_uuid_format(&queued->subscription->chat_id.uuid, chat_id);
    Parley__V1__LogStart log_start = PARLEY__V1__LOG_START__INIT;
    log_start.chat_id = chat_id;
    log_start.first_seq = queued->first_seq;
    pl_session_put_element(frame, PL_SERVER_FRAME_LOG_STARTS, &log_start.base);
}

/* Only of what was pushed: what a device catches up with waited for the device. */
static void observe_delivery(const struct pl_session *session, const struct pl_entry *entry, int64_t now_us)
{
    bool is_own = pl_uuid_equal(&entry->sender_device_id.uuid, &session->principal.device_id.uuid);
    if (entry->accepted_us != 0 && !is_own)
        pl_metrics_observe_us(&session->hub->server->metrics, PL_METRIC_delivery_seconds, now_us - entry->accepted_us);
}

unsigned pl_session_put_entries(struct pl_session *session, struct pl_buf *frame, int64_t count_max)
{
    int64_t count = 0;
    unsigned others = UINT_MAX;
    int64_t now_us = pl_clock_now_us();
    struct pl_queued_entry *queued;
    while ((queued = STAILQ_FIRST(&session->entries)) != NULL && frame->bytes < FRAME_ENTRIES_BYTES &&
           count < count_max) {
        STAILQ_REMOVE_HEAD(&session->entries, next);
        if (queued->entry == NULL) {
            put_log_start(queued, frame);
            free(queued);
            /* In a frame entries come before it, so those behind it wait for the next. Of a page it is said at once. */
            if (session->poll == NULL)
                break;
            continue;
        }
        pl_entry_put(queued->entry, PL_SERVER_FRAME_ENTRIES, &session->principal.device_id, frame);
        session->entries_bytes -= queued_bytes(queued->entry);
        queued->subscription->sent_seq = queued->entry->seq;
        others = MIN(others, queued->subscription->others);
        observe_delivery(session, queued->entry, now_us);
        pl_entry_release(queued->entry);
        free(queued);
        count++;
    }
    pl_metrics_add(&session->hub->server->metrics, PL_METRIC_entries_delivered_total, count);
    return others;
}

/*
 * Of a large group acknowledgements are stored once in 100 ms and 4 ms for each device (db/marks.c), and each costs
 * about what an entry does, so to hear of them sooner is work that tells nobody anything. Devices are spread over half
 * of the time, or all would speak at once.
 */
static void put_ack_interval(const struct pl_session *session, unsigned others, struct pl_buf *frame)
{
    if (others <= SOON_FOLLOWERS_MAX || others == UINT_MAX)
        return;
    unsigned whole_ms = MIN(others * BULK_ACK_MS_EACH, BULK_ACK_MS_MAX);
    unsigned spread = session->principal.device_id.uuid.bytes[sizeof(struct pl_uuid) - 1];
    pl_buf_put_u8(frame, PL_SERVER_FRAME_ACK_INTERVAL_MS);
    pl_buf_put_varint(frame, whole_ms / 2 + whole_ms * spread / 512);
}

/* ---- receipts and read_oks ---- */

void pl_session_tell_later(struct pl_session *session, struct pl_subscription *subscription)
{
    if (!subscription->is_telling) {
        subscription->is_telling = true;
        STAILQ_INSERT_TAIL(&session->telling, subscription, telling);
    }
    pl_session_flush_later(session);
}

/* Whether it was lower. */
static bool raise_to(int64_t *value, int64_t least)
{
    bool is_lower = *value < least;
    if (is_lower)
        *value = least;
    return is_lower;
}

/*
 * What is told of the other only grows. A head shows how far they were when it was read, and may come behind a receipt
 * of a later commit; and a head that shows it already is followed by the receipt, which has the time.
 */
void pl_session_receipt(struct pl_subscription *subscription, const struct pl_receipt *receipt)
{
    struct pl_session *session = subscription->session;
    if (!pl_session_is_open(session) || subscription->state == PL_SUBSCRIPTION_DETACHING ||
        subscription->state == PL_SUBSCRIPTION_FORMER)
        return;
    struct pl_receipt *peer = &subscription->peer;
    bool is_news = raise_to(&peer->delivered_seq, receipt->delivered_seq);
    is_news = raise_to(&peer->read_seq, receipt->read_seq) || is_news;
    is_news = raise_to(&peer->at_us, receipt->at_us) || is_news;
    if (!is_news)
        return;
    peer->user_id = receipt->user_id;
    subscription->has_receipt = true;
    pl_session_tell_later(session, subscription);
}

static void put_receipt(struct pl_subscription *subscription, char *chat_id, struct pl_buf *frame,
                        struct pl_arena *arena)
{
    if (!subscription->has_receipt)
        return;
    Parley__V1__Receipt receipt = PARLEY__V1__RECEIPT__INIT;
    receipt.chat_id = chat_id;
    receipt.user_id = pl_field_uuid(&subscription->peer.user_id.uuid, arena);
    receipt.delivered_seq = subscription->peer.delivered_seq;
    receipt.read_seq = subscription->peer.read_seq;
    if (subscription->peer.at_us != 0)
        receipt.at = pl_field_time(subscription->peer.at_us, arena);
    subscription->has_receipt = false;
    pl_session_put_element(frame, PL_SERVER_FRAME_RECEIPTS, &receipt.base);
}

/* ---- counts of groups ---- */

/* Both by seq; of a message in both what is new counts. Without the oldest when they are too many. */
static uint16_t merge(const struct pl_subscription *old, const struct pl_group_count *news, unsigned count,
                      struct pl_group_count *ret_counts)
{
    unsigned merged = 0;
    unsigned from_old = 0;
    unsigned from_news = 0;
    while (from_old < old->counts_count || from_news < count) {
        bool is_old =
            from_news == count || (from_old < old->counts_count && old->counts[from_old].seq < news[from_news].seq);
        if (!is_old && from_old < old->counts_count && old->counts[from_old].seq == news[from_news].seq)
            from_old++;
        ret_counts[merged++] = is_old ? old->counts[from_old++] : news[from_news++];
    }
    unsigned excess = merged > PL_GROUP_COUNTS_MAX ? merged - PL_GROUP_COUNTS_MAX : 0;
    memmove(ret_counts, ret_counts + excess, (merged - excess) * sizeof(*ret_counts));
    return (uint16_t)(merged - excess);
}

void pl_session_counts(struct pl_subscription *subscription, const struct pl_group_count *counts, unsigned count)
{
    struct pl_session *session = subscription->session;
    if (!pl_session_is_open(session) || subscription->state == PL_SUBSCRIPTION_DETACHING ||
        subscription->state == PL_SUBSCRIPTION_FORMER)
        return;
    struct pl_group_count *merged = malloc((subscription->counts_count + count) * sizeof(*merged));
    pl_assert(merged != NULL);
    subscription->counts_count = merge(subscription, counts, count, merged);
    free(subscription->counts);
    subscription->counts = merged;
    pl_session_tell_later(session, subscription);
}

/* To the same others; what lies between them in the log then has the same counts. */
static bool is_equal(const struct pl_group_count *one, const struct pl_group_count *other)
{
    return one->members_seq == other->members_seq && one->recipients == other->recipients &&
           one->delivered == other->delivered && one->read == other->read;
}

static void drop_counts(struct pl_subscription *subscription)
{
    free(subscription->counts);
    subscription->counts = NULL;
    subscription->counts_count = 0;
}

static void put_counts(struct pl_subscription *subscription, char *chat_id, struct pl_buf *frame)
{
    const struct pl_group_count *counts = subscription->counts;
    unsigned last;
    for (unsigned first = 0; first < subscription->counts_count; first = last + 1) {
        last = first;
        while (last + 1 < subscription->counts_count && is_equal(&counts[first], &counts[last + 1]))
            last++;
        Parley__V1__GroupReceipt receipt = PARLEY__V1__GROUP_RECEIPT__INIT;
        receipt.chat_id = chat_id;
        receipt.first_seq = counts[first].seq;
        receipt.last_seq = counts[last].seq;
        receipt.recipient_count = counts[first].recipients;
        receipt.delivered_count = counts[first].delivered;
        receipt.read_count = counts[first].read;
        receipt.status = pl_message_status(receipt.recipient_count, receipt.delivered_count, receipt.read_count);
        pl_session_put_element(frame, PL_SERVER_FRAME_GROUP_RECEIPTS, &receipt.base);
    }
    drop_counts(subscription);
}

static void put_read_ok(struct pl_subscription *subscription, char *chat_id, struct pl_buf *frame)
{
    if (subscription->read_ok_seq == 0)
        return;
    Parley__V1__Cursor read_ok = PARLEY__V1__CURSOR__INIT;
    read_ok.chat_id = chat_id;
    read_ok.seq = subscription->read_ok_seq;
    subscription->read_ok_seq = 0;
    pl_session_put_element(frame, PL_SERVER_FRAME_READ_OKS, &read_ok.base);
}

static void put_advanced(struct pl_subscription *subscription, char *chat_id, struct pl_buf *frame)
{
    if (subscription->advanced_seq == 0)
        return;
    Parley__V1__ChatAdvanced advanced = PARLEY__V1__CHAT_ADVANCED__INIT;
    advanced.chat_id = chat_id;
    advanced.last_seq = subscription->advanced_seq;
    subscription->advanced_seq = 0;
    pl_session_put_element(frame, PL_SERVER_FRAME_CHATS_ADVANCED, &advanced.base);
}

void pl_session_put_tellings(struct pl_session *session, struct pl_buf *frame)
{
    struct pl_arena arena;
    pl_arena_init(&arena, 0);
    struct pl_subscription *subscription;
    while ((subscription = STAILQ_FIRST(&session->telling)) != NULL && frame->bytes < FRAME_BYTES_MAX / 2) {
        STAILQ_REMOVE_HEAD(&session->telling, telling);
        subscription->is_telling = false;
        char *chat_id = pl_field_uuid(&subscription->chat_id.uuid, &arena);
        put_receipt(subscription, chat_id, frame, &arena);
        put_counts(subscription, chat_id, frame);
        put_read_ok(subscription, chat_id, frame);
        put_advanced(subscription, chat_id, frame);
    }
    pl_arena_fini(&arena);
}

void pl_session_out_forget(struct pl_subscription *subscription)
{
    subscription->has_receipt = false;
    drop_counts(subscription);
    pl_session_forget_typing(subscription, NULL);
    if (subscription->is_telling)
        STAILQ_REMOVE(&subscription->session->telling, subscription, pl_subscription, telling);
    subscription->is_telling = false;
}

/* ---- the frame ---- */

/* Told behind the last entry that hello found, never before it. */
static void put_caught_up(struct pl_session *session, struct pl_buf *frame)
{
    if (session->caught_up_told || !session->has_listed || session->not_caught_up > 0 ||
        !STAILQ_EMPTY(&session->entries))
        return;
    session->caught_up_told = true;
    pl_session_count(session);
    /* What is left speaks of chats that the user is not in. */
    pl_session_drop_early_cursors(session);
    pl_buf_put_u8(frame, PL_SERVER_FRAME_CAUGHT_UP);
    pl_buf_put_u8(frame, 1);
}

static void put_frame(struct pl_session *session, struct pl_buf *frame)
{
    pl_buf_put(frame, session->replies.data, session->replies.bytes);
    pl_buf_reset(&session->replies);
    session->answers_waiting = 0;
    unsigned others = pl_session_put_entries(session, frame, INT64_MAX);
    put_ack_interval(session, others, frame);
    pl_session_put_tellings(session, frame);
    pl_session_put_typings(session, frame);
    pl_session_put_presences(session, frame);
    put_caught_up(session, frame);
}

/* A client that said its last word has had every answer, and everything that waited for it. */
static bool is_done(const struct pl_session *session)
{
    return session->is_half_closed && session->caught_up_told && session->out_count == 0;
}

static void flush(struct pl_session *session)
{
    if (session->call == NULL) {
        pl_session_returned(session);
        return;
    }
    /* The first frame is welcome, unless the stream ends before. */
    bool is_early = session->state != PL_SESSION_RUNNING && session->end_status == PL_OK;
    if (session->is_over || session->is_writing || is_early)
        return;
    if (session->poll != NULL) {
        pl_poll_flush(session);
        return;
    }
    struct pl_buf frame;
    pl_buf_init(&frame, 4 * FRAME_BYTES_MAX);
    put_frame(session, &frame);
    pl_assert(!frame.overflowed);
    if (frame.bytes > 0) {
        session->is_writing = true;
        pl_call_write(session->call, frame.data, frame.bytes);
        pl_session_catch_up(session); /* there is room again */
    } else if (session->end_status != PL_OK) {
        pl_session_fail(session, session->end_status, NULL);
    } else if (is_done(session)) {
        pl_session_finish(session);
    }
    pl_buf_fini(&frame);
}

static void flush_soon(struct pl_task *task)
{
    struct pl_session *session = pl_container_of(task, struct pl_session, flush_task);
    session->flush_deferred = false;
    flush(session);
}

static void flush_in_bulk(struct pl_task *task)
{
    struct pl_session *session = pl_container_of(task, struct pl_session, bulk_task);
    session->bulk_deferred = false;
    flush(session);
}

void pl_session_written(struct pl_session *session)
{
    session->is_writing = false;
    pl_session_flush_later(session);
}
