/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/device.h"

#include <string.h>

#include "bench/chat.h"
#include "bench/fail.h"
#include "bench/worker.h"

static void received(struct bench_stream *stream, const Parley__V1__ServerFrame *frame);

void bench_device_connect(struct bench_device *device, struct bench_connection *connection)
{
    struct bench_stream_site site = {
        .connection = connection, .arena = &device->worker->in_arena, .bearer = device->bearer, .received = received};
    bench_stream_open(&device->stream, &site);
    bench_worker_soil(device->worker, device);
}

/* ---- out ---- */

static bool put_ack(struct bench_device *device, Parley__V1__ClientFrame *frame, struct pl_arena *arena)
{
    if (!device->ack_is_due)
        return false;
    device->ack_is_due = false;
    Parley__V1__Cursor *cursor = pl_arena_new(arena, Parley__V1__Cursor);
    parley__v1__cursor__init(cursor);
    cursor->chat_id = device->chat->chat_text;
    cursor->seq = device->last_seq;
    device->acked_seq = device->last_seq;
    frame->acks = pl_arena_array(arena, Parley__V1__Cursor *, 1);
    frame->acks[0] = cursor;
    frame->n_acks = 1;
    return true;
}

static bool put_hello(struct bench_device *device, Parley__V1__ClientFrame *frame, struct pl_arena *arena)
{
    if (device->said_hello)
        return false;
    device->said_hello = true;
    frame->hello = pl_arena_new(arena, Parley__V1__Hello);
    parley__v1__hello__init(frame->hello);
    frame->hello->protocol_version = 1;
    frame->hello->client = (char *)"parley-bench";
    return true;
}

static void write_frame(struct bench_device *device, const Parley__V1__ClientFrame *frame)
{
    struct bench_tally *tally = bench_worker_tally(device->worker);
    if (tally != NULL)
        tally->frames_to_server++;
    bench_stream_write(&device->stream, frame);
}

/* False when it has nothing to say. A frame has no more sends than the server takes in one. */
static bool say(struct bench_device *device)
{
    struct pl_arena *arena = &device->worker->out_arena;
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    bool says_something = put_hello(device, &frame, arena);
    if (device->is_ready && device->chat != NULL) {
        says_something |= put_ack(device, &frame, arena);
        if (bench_chat_is_sender(device->chat, device))
            says_something |= bench_chat_put_sends(device->chat, &frame, arena);
    }
    if (says_something)
        write_frame(device, &frame);
    pl_arena_reset(arena);
    return says_something;
}

void bench_device_flush(struct bench_device *device)
{
    while (say(device))
        continue;
}

/* ---- in ---- */

static void take_welcome(struct bench_device *device, const Parley__V1__Welcome *welcome)
{
    if (device->is_welcome)
        bench_violation("a second welcome came");
    device->is_welcome = true;
    device->ack_interval_ms = welcome->ack_interval_ms;
    device->ack_entries_max = welcome->ack_entries_max;
    if (device->chat != NULL && welcome->sends_in_flight_max < (int)device->chat->window)
        bench_fail("the server allows %d sends in flight, the window is %u", welcome->sends_in_flight_max,
                   device->chat->window);
}

/* Each of its chats had one entry, which it has acknowledged in its life before; now each gets one more. */
static void take_arrival(struct bench_device *device, const Parley__V1__Message *entry)
{
    if (!device->is_ready || entry->seq != 2)
        bench_violation("chat %s: seq %lld came %s caught_up", entry->chat_id, (long long)entry->seq,
                        device->is_ready ? "after" : "before");
    device->arrived++;
    atomic_fetch_add(&device->worker->arrived, 1);
}

static void take_entry(struct bench_device *device, const Parley__V1__Message *entry, int32_t ack_interval_ms)
{
    if (entry->kind == PARLEY__V1__ENTRY_KIND__ENTRY_KIND_ACCOUNT)
        return; /* of the user's SELF chat: that it has this device */
    if (device->worker->load->options->mode == BENCH_RECONNECT) {
        take_arrival(device, entry);
        return;
    }
    if (device->chat == NULL)
        bench_violation("an entry of chat %s came to an idle device", entry->chat_id);
    if (strcmp(entry->chat_id, device->chat->chat_text) != 0)
        bench_violation("an entry of chat %s came, not of %s", entry->chat_id, device->chat->chat_text);
    if (entry->seq <= device->chat->begin_seq && !device->is_ready)
        return; /* how the group was made */
    if (entry->seq != device->last_seq + 1)
        bench_violation("chat %s: seq %lld came after %lld", entry->chat_id, (long long)entry->seq,
                        (long long)device->last_seq);
    device->last_seq = entry->seq;
    bench_chat_entry(device->chat, device, entry);
    bench_worker_owe_ack(device->worker, device, ack_interval_ms != 0 ? ack_interval_ms : device->ack_interval_ms);
}

/* A receipt speaks of what the peer has acknowledged and what is on disk, so it cannot be ahead of the peer. */
static void take_receipt(struct bench_device *device, const Parley__V1__Receipt *receipt)
{
    if (device->worker->load->options->mode == BENCH_RECONNECT)
        return;
    if (device->chat == NULL || device->peer == NULL)
        bench_violation("a receipt of chat %s came to a device without a peer", receipt->chat_id);
    if (strcmp(receipt->chat_id, device->chat->chat_text) != 0 ||
        strcmp(receipt->user_id, device->peer->user_text) != 0)
        bench_violation("a receipt of chat %s and user %s came, not of %s and %s", receipt->chat_id, receipt->user_id,
                        device->chat->chat_text, device->peer->user_text);
    if (receipt->delivered_seq < device->peer_delivered_seq)
        bench_violation("chat %s: the receipt went back from %lld to %lld", receipt->chat_id,
                        (long long)device->peer_delivered_seq, (long long)receipt->delivered_seq);
    if (receipt->delivered_seq > device->peer->acked_seq)
        bench_violation("chat %s: the receipt says %lld, the device acknowledged %lld", receipt->chat_id,
                        (long long)receipt->delivered_seq, (long long)device->peer->acked_seq);
    device->peer_delivered_seq = receipt->delivered_seq;
}

static void received(struct bench_stream *stream, const Parley__V1__ServerFrame *frame)
{
    struct bench_device *device = pl_container_of(stream, struct bench_device, stream);
    struct bench_tally *tally = bench_worker_tally(device->worker);
    if (tally != NULL)
        tally->frames_from_server++;
    if (frame->welcome != NULL)
        take_welcome(device, frame->welcome);
    if (frame->n_faileds > 0)
        bench_fail("a send was refused: %s: %s", frame->faileds[0]->reason, frame->faileds[0]->message);
    for (size_t i = 0; i < frame->n_sents; i++)
        bench_chat_sent(device->chat, frame->sents[i]);
    for (size_t i = 0; i < frame->n_entries; i++)
        take_entry(device, frame->entries[i], frame->ack_interval_ms);
    for (size_t i = 0; i < frame->n_receipts; i++)
        take_receipt(device, frame->receipts[i]);
    for (size_t i = 0; i < frame->n_group_receipts; i++)
        bench_chat_counted(device->chat, device, frame->group_receipts[i]);
    if (frame->n_chats_advanced > 0)
        bench_fail("chat %s is too busy: its entries are not pushed any more", frame->chats_advanced[0]->chat_id);
    if (!device->is_welcome && frame->going_away == NULL)
        bench_violation("something came before welcome");
    if (frame->caught_up && device->is_ready)
        bench_violation("a second caught_up came");
    if (frame->caught_up) {
        device->is_ready = true;
        bench_worker_ready(device->worker, device);
    }
    if (frame->going_away != NULL)
        bench_fail("the server sent a device away: %s", frame->going_away->reason);
}
