/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/pair.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bench/body.h"
#include "bench/fail.h"
#include "bench/worker.h"

#define FRAME_SENDS_MAX 64
#define FRAME_BODIES_BYTES_MAX 524288

void bench_pair_init(struct bench_pair *pair, struct bench_worker *worker, uint32_t index)
{
    const struct bench_options *options = worker->load->options;
    pair->worker = worker;
    pair->index = index;
    pair->window = (unsigned)options->window;
    pair->body_bytes = (unsigned)options->body_bytes;
    pair->messages = calloc(pair->window, sizeof(*pair->messages));
    pl_assert(pair->messages != NULL);
    pl_uuid_format(&worker->load->chats[index].uuid, pair->chat_text);
    struct bench_device *devices[] = {&pair->sender, &pair->receiver};
    for (unsigned i = 0; i < 2; i++) {
        devices[i]->worker = worker;
        devices[i]->pair = pair;
        devices[i]->peer = devices[1 - i];
        const struct bench_user *user = &worker->load->app->users[2 * index + i];
        pl_uuid_format(&user->user_id.uuid, devices[i]->user_text);
        devices[i]->bearer = user->bearer;
    }
}

void bench_pair_fini(struct bench_pair *pair)
{
    free(pair->messages);
}

static struct bench_message *place_of(const struct bench_pair *pair, uint64_t number)
{
    return &pair->messages[number % pair->window];
}

/* ---- out ---- */

bool bench_pair_has_room(const struct bench_pair *pair)
{
    return place_of(pair, pair->last_number + 1)->number == 0;
}

void bench_pair_add(struct bench_pair *pair, int64_t due_us)
{
    struct bench_message *message = place_of(pair, ++pair->last_number);
    *message = (struct bench_message){.number = pair->last_number, .message_id = pl_uuid_v7(), .due_us = due_us};
    pair->in_flight++;
    bench_worker_soil(pair->worker, &pair->sender);
}

static Parley__V1__Send *new_send(const struct bench_pair *pair, const struct bench_message *message,
                                  struct pl_arena *arena)
{
    Parley__V1__SendMessageRequest *request = pl_arena_new(arena, Parley__V1__SendMessageRequest);
    parley__v1__send_message_request__init(request);
    request->chat_id = (char *)pair->chat_text;
    request->message_id = pl_arena_alloc(arena, PL_UUID_TEXT_CHARS + 1);
    pl_uuid_format(&message->message_id, request->message_id);
    request->body_case = PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_ENCRYPTED_CONTENT;
    request->encrypted_content.data = pl_arena_alloc(arena, pair->body_bytes);
    request->encrypted_content.len = pair->body_bytes;
    bench_body_make(pair->index, message->number, request->encrypted_content.data, pair->body_bytes);
    Parley__V1__Send *send = pl_arena_new(arena, Parley__V1__Send);
    parley__v1__send__init(send);
    send->request_id = message->number;
    send->message = request;
    return send;
}

bool bench_pair_put_sends(struct bench_pair *pair, Parley__V1__ClientFrame *frame, struct pl_arena *arena)
{
    if (pair->written_number == pair->last_number)
        return false;
    size_t bytes = 0;
    frame->sends = pl_arena_array(arena, Parley__V1__Send *, FRAME_SENDS_MAX);
    while (pair->written_number < pair->last_number && frame->n_sends < FRAME_SENDS_MAX &&
           bytes < FRAME_BODIES_BYTES_MAX) {
        pair->written_number++;
        frame->sends[frame->n_sends++] = new_send(pair, place_of(pair, pair->written_number), arena);
        bytes += pair->body_bytes;
    }
    return true;
}

/* ---- in ---- */

static struct bench_message *find(const struct bench_pair *pair, uint64_t number, const char *what)
{
    struct bench_message *message = place_of(pair, number);
    if (message->number != number || number == 0 || number > pair->written_number)
        bench_violation("chat %s: message %llu was %s, but is not in flight: it came twice, or was never sent",
                        pair->chat_text, (unsigned long long)number, what);
    return message;
}

static void check_id(const struct bench_pair *pair, const struct bench_message *message, const char *message_id)
{
    struct pl_uuid theirs;
    if (pl_uuid_parse(message_id, &theirs) != PL_OK || !pl_uuid_equal(&theirs, &message->message_id))
        bench_violation("chat %s: message %llu has another message_id: %s", pair->chat_text,
                        (unsigned long long)message->number, message_id);
}

static void retire(struct bench_pair *pair, struct bench_message *message)
{
    if (message->sent_seq == 0 || message->delivered_seq == 0)
        return;
    if (message->sent_seq != message->delivered_seq)
        bench_violation("chat %s: message %llu was sent as seq %lld and delivered as %lld", pair->chat_text,
                        (unsigned long long)message->number, (long long)message->sent_seq,
                        (long long)message->delivered_seq);
    message->number = 0;
    pair->in_flight--;
    bench_worker_retired(pair->worker, pair);
}

void bench_pair_sent(struct bench_pair *pair, const Parley__V1__Sent *sent)
{
    if (pair == NULL)
        bench_violation("an idle device was told that it had sent something");
    struct bench_message *message = find(pair, sent->request_id, "acknowledged");
    if (message->sent_seq != 0 || sent->seq <= 0 || strcmp(sent->chat_id, pair->chat_text) != 0)
        bench_violation("chat %s: message %llu was acknowledged twice, or oddly", pair->chat_text,
                        (unsigned long long)sent->request_id);
    check_id(pair, message, sent->message_id);
    message->sent_seq = sent->seq;
    struct bench_tally *tally = bench_worker_tally(pair->worker);
    if (tally != NULL)
        bench_histogram_add(&tally->sent_us, pl_clock_now_us() - message->due_us);
    retire(pair, message);
}

static void take_delivered(struct bench_pair *pair, const Parley__V1__Message *entry)
{
    uint32_t sender;
    uint64_t number;
    bool has_body = entry->body_case == PARLEY__V1__MESSAGE__BODY_ENCRYPTED_CONTENT;
    if (!has_body || entry->encrypted_content.len != pair->body_bytes ||
        !bench_body_read(entry->encrypted_content.data, entry->encrypted_content.len, &sender, &number) ||
        sender != pair->index)
        bench_violation("chat %s: the body of seq %lld is not what was sent", pair->chat_text, (long long)entry->seq);
    struct bench_message *message = find(pair, number, "delivered");
    if (message->delivered_seq != 0)
        bench_violation("chat %s: message %llu was delivered twice", pair->chat_text, (unsigned long long)number);
    check_id(pair, message, entry->message_id);
    message->delivered_seq = entry->seq;
    pair->worker->delivered++;
    struct bench_tally *tally = bench_worker_tally(pair->worker);
    if (tally != NULL)
        bench_histogram_add(&tally->delivered_us, pl_clock_now_us() - message->due_us);
    retire(pair, message);
}

void bench_pair_entry(struct bench_pair *pair, const struct bench_device *device, const Parley__V1__Message *entry)
{
    if (device == &pair->receiver)
        take_delivered(pair, entry);
    else if (entry->body_case != PARLEY__V1__MESSAGE__BODY__NOT_SET)
        bench_violation("chat %s: the sending device got the body of seq %lld back", pair->chat_text,
                        (long long)entry->seq);
}

bool bench_pair_is_settled(const struct bench_pair *pair)
{
    const struct bench_device *sender = &pair->sender;
    const struct bench_device *receiver = &pair->receiver;
    return pair->in_flight == 0 && pair->written_number == pair->last_number &&
           sender->last_seq == receiver->last_seq && (uint64_t)receiver->last_seq == pair->last_number &&
           sender->acked_seq == sender->last_seq && receiver->acked_seq == receiver->last_seq &&
           sender->peer_delivered_seq == receiver->last_seq && receiver->peer_delivered_seq == sender->last_seq;
}
