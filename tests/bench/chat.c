/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/chat.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bench/body.h"
#include "bench/fail.h"
#include "bench/worker.h"

#define FRAME_SENDS_MAX 64
#define FRAME_BODIES_BYTES_MAX 524288

static void make_device(struct bench_chat *chat, unsigned index)
{
    const struct bench_app *app = chat->worker->load->app;
    const struct bench_user *user = &app->users[chat->index * chat->device_count + index];
    struct bench_device *device = &chat->devices[index];
    device->worker = chat->worker;
    device->chat = chat;
    device->peer = chat->device_count == 2 ? &chat->devices[1 - index] : NULL;
    device->last_seq = chat->begin_seq;
    device->acked_seq = chat->begin_seq;
    device->bearer = user->bearer;
    pl_uuid_format(&user->user_id.uuid, device->user_text);
}

void bench_chat_init(struct bench_chat *chat, struct bench_worker *worker, uint32_t index)
{
    const struct bench_options *options = worker->load->options;
    const struct bench_log *log = &worker->load->logs[index];
    *chat = (struct bench_chat){
        .worker = worker,
        .device_count = worker->load->member_count,
        .begin_seq = log->last_seq,
        .index = index,
        .window = (unsigned)options->window,
        .body_bytes = (unsigned)options->body_bytes,
        .messages = calloc((size_t)options->window, sizeof(*chat->messages)),
        .devices = calloc(worker->load->member_count, sizeof(*chat->devices)),
    };
    if (chat->device_count > 2)
        chat->told = calloc(BENCH_TOLD_MAX, sizeof(*chat->told));
    pl_assert(chat->messages != NULL && chat->devices != NULL && (chat->told != NULL || chat->device_count == 2));
    pl_uuid_format(&log->chat_id.uuid, chat->chat_text);
    for (unsigned i = 0; i < chat->device_count; i++)
        make_device(chat, i);
}

void bench_chat_fini(struct bench_chat *chat)
{
    free(chat->messages);
    free(chat->devices);
    free(chat->told);
}

bool bench_chat_is_sender(const struct bench_chat *chat, const struct bench_device *device)
{
    return device == &chat->devices[0];
}

static unsigned receivers(const struct bench_chat *chat)
{
    return chat->device_count - 1;
}

static struct bench_message *place_of(const struct bench_chat *chat, uint64_t number)
{
    return &chat->messages[number % chat->window];
}

/* ---- out ---- */

bool bench_chat_has_room(const struct bench_chat *chat)
{
    return place_of(chat, chat->last_number + 1)->number == 0;
}

void bench_chat_add(struct bench_chat *chat, int64_t due_us)
{
    struct bench_message *message = place_of(chat, ++chat->last_number);
    *message = (struct bench_message){.number = chat->last_number, .message_id = pl_uuid_v7(), .due_us = due_us};
    chat->in_flight++;
    bench_worker_soil(chat->worker, &chat->devices[0]);
}

static Parley__V1__Send *new_send(const struct bench_chat *chat, const struct bench_message *message,
                                  struct pl_arena *arena)
{
    Parley__V1__SendMessageRequest *request = pl_arena_new(arena, Parley__V1__SendMessageRequest);
    parley__v1__send_message_request__init(request);
    request->chat_id = (char *)chat->chat_text;
    request->message_id = pl_arena_alloc(arena, PL_UUID_TEXT_CHARS + 1);
    pl_uuid_format(&message->message_id, request->message_id);
    request->body_case = PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_ENCRYPTED_CONTENT;
    request->encrypted_content.data = pl_arena_alloc(arena, chat->body_bytes);
    request->encrypted_content.len = chat->body_bytes;
    bench_body_make(chat->index, message->number, request->encrypted_content.data, chat->body_bytes);
    Parley__V1__Send *send = pl_arena_new(arena, Parley__V1__Send);
    parley__v1__send__init(send);
    send->request_id = message->number;
    send->message = request;
    return send;
}

bool bench_chat_put_sends(struct bench_chat *chat, Parley__V1__ClientFrame *frame, struct pl_arena *arena)
{
    if (chat->written_number == chat->last_number)
        return false;
    size_t bytes = 0;
    frame->sends = pl_arena_array(arena, Parley__V1__Send *, FRAME_SENDS_MAX);
    while (chat->written_number < chat->last_number && frame->n_sends < FRAME_SENDS_MAX &&
           bytes < FRAME_BODIES_BYTES_MAX) {
        chat->written_number++;
        frame->sends[frame->n_sends++] = new_send(chat, place_of(chat, chat->written_number), arena);
        bytes += chat->body_bytes;
    }
    return true;
}

/* ---- in ---- */

static struct bench_message *find(const struct bench_chat *chat, uint64_t number, const char *what)
{
    struct bench_message *message = place_of(chat, number);
    if (message->number != number || number == 0 || number > chat->written_number)
        bench_violation("chat %s: message %llu was %s, but is not in flight: it came twice, or was never sent",
                        chat->chat_text, (unsigned long long)number, what);
    return message;
}

static void check_id(const struct bench_chat *chat, const struct bench_message *message, const char *message_id)
{
    struct pl_uuid theirs;
    if (pl_uuid_parse(message_id, &theirs) != PL_OK || !pl_uuid_equal(&theirs, &message->message_id))
        bench_violation("chat %s: message %llu has another message_id: %s", chat->chat_text,
                        (unsigned long long)message->number, message_id);
}

static void retire(struct bench_chat *chat, struct bench_message *message)
{
    if (message->sent_seq == 0 || message->delivered < receivers(chat))
        return;
    if (message->sent_seq != message->delivered_seq)
        bench_violation("chat %s: message %llu was sent as seq %lld and delivered as %lld", chat->chat_text,
                        (unsigned long long)message->number, (long long)message->sent_seq,
                        (long long)message->delivered_seq);
    message->number = 0;
    chat->in_flight--;
    bench_worker_retired(chat->worker, chat);
}

void bench_chat_sent(struct bench_chat *chat, const Parley__V1__Sent *sent)
{
    if (chat == NULL)
        bench_violation("an idle device was told that it had sent something");
    struct bench_message *message = find(chat, sent->request_id, "acknowledged");
    if (message->sent_seq != 0 || sent->seq <= 0 || strcmp(sent->chat_id, chat->chat_text) != 0)
        bench_violation("chat %s: message %llu was acknowledged twice, or oddly", chat->chat_text,
                        (unsigned long long)sent->request_id);
    check_id(chat, message, sent->message_id);
    message->sent_seq = sent->seq;
    struct bench_tally *tally = bench_worker_tally(chat->worker);
    if (tally != NULL)
        bench_histogram_add(&tally->sent_us, pl_clock_now_us() - message->due_us);
    retire(chat, message);
}

static uint64_t read_body(const struct bench_chat *chat, const Parley__V1__Message *entry)
{
    uint32_t sender;
    uint64_t number;
    bool has_body = entry->body_case == PARLEY__V1__MESSAGE__BODY_ENCRYPTED_CONTENT;
    if (!has_body || entry->encrypted_content.len != chat->body_bytes ||
        !bench_body_read(entry->encrypted_content.data, entry->encrypted_content.len, &sender, &number) ||
        sender != chat->index)
        bench_violation("chat %s: the body of seq %lld is not what was sent", chat->chat_text, (long long)entry->seq);
    return number;
}

static void observe(const struct bench_chat *chat, const struct bench_message *message)
{
    struct bench_tally *tally = bench_worker_tally(chat->worker);
    if (tally == NULL)
        return;
    int64_t latency_us = pl_clock_now_us() - message->due_us;
    bench_histogram_add(&tally->delivered_us, latency_us);
    if (message->delivered == receivers(chat))
        bench_histogram_add(&tally->last_us, latency_us);
}

/* A device gets each seq once, so a message that has the same seq for all comes once to each. */
static void take_delivered(struct bench_chat *chat, const Parley__V1__Message *entry)
{
    uint64_t number = read_body(chat, entry);
    struct bench_message *message = find(chat, number, "delivered");
    if (entry->seq != chat->begin_seq + (int64_t)number)
        bench_violation("chat %s: message %llu, of those that were sent in order, has seq %lld behind %lld",
                        chat->chat_text, (unsigned long long)number, (long long)entry->seq, (long long)chat->begin_seq);
    if (message->delivered == receivers(chat))
        bench_violation("chat %s: message %llu was delivered twice", chat->chat_text, (unsigned long long)number);
    check_id(chat, message, entry->message_id);
    message->delivered_seq = entry->seq;
    message->delivered++;
    chat->worker->delivered++;
    observe(chat, message);
    retire(chat, message);
}

void bench_chat_entry(struct bench_chat *chat, const struct bench_device *device, const Parley__V1__Message *entry)
{
    if (!bench_chat_is_sender(chat, device))
        take_delivered(chat, entry);
    else if (entry->body_case != PARLEY__V1__MESSAGE__BODY__NOT_SET)
        bench_violation("chat %s: the sending device got the body of seq %lld back", chat->chat_text,
                        (long long)entry->seq);
}

/* ---- receipts of a group ---- */

static int count_acked(const struct bench_chat *chat, int64_t seq)
{
    int count = 0;
    for (unsigned i = 1; i < chat->device_count; i++)
        count += chat->devices[i].acked_seq >= seq;
    return count;
}

static void check_counts(const struct bench_chat *chat, const Parley__V1__GroupReceipt *receipt)
{
    int64_t oldest = receipt->last_seq - BENCH_TOLD_MAX + 1;
    int64_t seq = receipt->first_seq > oldest ? receipt->first_seq : oldest;
    for (; seq <= receipt->last_seq; seq++) {
        struct bench_told *told = &chat->told[(uint64_t)seq % BENCH_TOLD_MAX];
        if (told->seq == seq && receipt->delivered_count < told->delivered_count)
            bench_violation("group %s: the receipt of seq %lld went back from %d to %d", chat->chat_text,
                            (long long)seq, told->delivered_count, receipt->delivered_count);
        *told = (struct bench_told){seq, receipt->delivered_count};
    }
}

/* It speaks of what is on disk, so it cannot be ahead of the devices. */
void bench_chat_counted(struct bench_chat *chat, const struct bench_device *device,
                        const Parley__V1__GroupReceipt *receipt)
{
    if (chat == NULL || !bench_chat_is_sender(chat, device) || strcmp(receipt->chat_id, chat->chat_text) != 0)
        bench_violation("a device was told of messages in group %s that it did not send", receipt->chat_id);
    if (receipt->recipient_count != (int)receivers(chat) ||
        receipt->delivered_count > count_acked(chat, receipt->last_seq))
        bench_violation("group %s: the receipt says that %d of %d have seq %lld", chat->chat_text,
                        receipt->delivered_count, receipt->recipient_count, (long long)receipt->last_seq);
    check_counts(chat, receipt);
    if (receipt->delivered_count == receipt->recipient_count && receipt->last_seq > chat->counted_seq)
        chat->counted_seq = receipt->last_seq;
}

/* ---- the end ---- */

static bool receipts_are_settled(const struct bench_chat *chat, int64_t end_seq)
{
    if (chat->device_count > 2)
        return chat->last_number == 0 || chat->counted_seq == end_seq;
    return chat->devices[0].peer_delivered_seq == end_seq && chat->devices[1].peer_delivered_seq == end_seq;
}

bool bench_chat_is_settled(const struct bench_chat *chat)
{
    int64_t end_seq = chat->begin_seq + (int64_t)chat->last_number;
    if (chat->in_flight > 0 || chat->written_number != chat->last_number)
        return false;
    for (unsigned i = 0; i < chat->device_count; i++)
        if (chat->devices[i].last_seq != end_seq || chat->devices[i].acked_seq != end_seq)
            return false;
    return receipts_are_settled(chat, end_seq);
}
