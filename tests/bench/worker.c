/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/worker.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bench/fail.h"

#define CONNECTING_MAX 128 /* devices that connect at a time */
#define IDLE_WAIT_US 20000 /* how late a change of phase may be seen */
#define DRAIN_US 20000000
#define ACK_GRAIN_US 1000 /* what came in one turn is acknowledged in one */

/* ---- what devices and chats ask for ---- */

void bench_worker_soil(struct bench_worker *worker, struct bench_device *device)
{
    if (device->is_dirty)
        return;
    device->is_dirty = true;
    TAILQ_INSERT_TAIL(&worker->dirty, device, dirty);
}

static void on_ack_timer(struct pl_timer *timer)
{
    struct bench_device *device = pl_container_of(timer, struct bench_device, ack_timer);
    device->ack_is_due = true;
    bench_worker_soil(device->worker, device);
}

void bench_worker_owe_ack(struct bench_worker *worker, struct bench_device *device, int32_t interval_ms)
{
    if (device->ack_is_due)
        return;
    int64_t due_us = pl_clock_now_us() + (int64_t)interval_ms * 1000;
    if (device->last_seq - device->acked_seq >= device->ack_entries_max) {
        pl_timers_disarm(&worker->acking, &device->ack_timer);
        on_ack_timer(&device->ack_timer);
    } else if (device->ack_timer.index == 0 || due_us < device->ack_timer.due_us) {
        device->ack_timer.run = on_ack_timer;
        pl_timers_arm(&worker->acking, &device->ack_timer, due_us - due_us % ACK_GRAIN_US);
    }
}

struct bench_tally *bench_worker_tally(struct bench_worker *worker)
{
    int window = atomic_load_explicit(&worker->load->window, memory_order_relaxed);
    return window < 0 ? NULL : &worker->tallies[window];
}

/* ---- when messages are due ---- */

static void fill_window(struct bench_chat *chat)
{
    int64_t now_us = pl_clock_now_us();
    while (bench_chat_has_room(chat))
        bench_chat_add(chat, now_us);
}

/* All chats together send one message every 1/rate s, in turn. */
static int64_t due_us(const struct bench_chat *chat, uint64_t number)
{
    const struct bench_load *load = chat->worker->load;
    int64_t place = (int64_t)(number - 1) * load->chat_count + chat->index;
    return load->start_us + place * 1000000 / load->options->rate;
}

/* What finds no room stays due, and is counted as late. */
static void add_due(struct bench_chat *chat)
{
    while (chat->last_number < chat->due_number && bench_chat_has_room(chat))
        bench_chat_add(chat, due_us(chat, chat->last_number + 1));
}

static bool is_paced(const struct bench_worker *worker)
{
    return worker->seen_phase == BENCH_RUNNING && bench_is_open_loop(worker->load->options);
}

static bool is_full(const struct bench_worker *worker)
{
    return worker->seen_phase == BENCH_RUNNING && !bench_is_open_loop(worker->load->options);
}

static int64_t next_due_us(const struct bench_worker *worker)
{
    const struct bench_chat *chat = &worker->chats[worker->next_chat];
    return due_us(chat, chat->due_number + 1);
}

static void make_messages_due(struct bench_worker *worker, int64_t now_us)
{
    while (is_paced(worker) && next_due_us(worker) <= now_us) {
        struct bench_chat *chat = &worker->chats[worker->next_chat];
        chat->due_number++;
        add_due(chat);
        worker->next_chat = (worker->next_chat + 1) % worker->chat_count;
    }
}

void bench_worker_retired(struct bench_worker *worker, struct bench_chat *chat)
{
    if (is_paced(worker))
        add_due(chat);
    else if (is_full(worker))
        fill_window(chat);
}

/* ---- phases ---- */

static void connect_next(struct bench_worker *worker)
{
    const struct bench_options *options = worker->load->options;
    while (worker->connect_count < worker->device_count &&
           worker->connect_count < worker->ready_count + CONNECTING_MAX) {
        unsigned index = worker->connect_count++;
        unsigned place = index / (unsigned)options->streams_per_connection;
        if (place == worker->connection_count)
            bench_connection_open(&worker->connections[worker->connection_count++], &worker->poll, options->endpoint);
        bench_device_connect(worker->devices[index], &worker->connections[place]);
    }
}

void bench_worker_ready(struct bench_worker *worker, struct bench_device *device)
{
    (void)device;
    if (++worker->ready_count == worker->device_count)
        sem_post(&worker->load->connected);
    connect_next(worker);
}

static void see_phase(struct bench_worker *worker)
{
    enum bench_phase phase = (enum bench_phase)atomic_load(&worker->load->phase);
    if (phase == worker->seen_phase)
        return;
    worker->seen_phase = phase;
    if (phase == BENCH_DRAINING)
        worker->drain_until_us = pl_clock_now_us() + DRAIN_US;
    for (unsigned i = 0; is_full(worker) && i < worker->chat_count; i++)
        fill_window(&worker->chats[i]);
}

static void tell_unsettled(const struct bench_chat *chat)
{
    const struct bench_device *sender = &chat->devices[0];
    for (unsigned i = 1; i < chat->device_count; i++) {
        const struct bench_device *receiver = &chat->devices[i];
        if (receiver->last_seq == sender->last_seq && receiver->acked_seq == sender->acked_seq &&
            i + 1 < chat->device_count)
            continue;
        bench_violation("chat %s did not settle in %d s: %llu sent, %u not done, receiver %u at seq %lld, sender at "
                        "%lld, acknowledged %lld and %lld, receipts %lld, %lld and %lld",
                        chat->chat_text, DRAIN_US / 1000000, (unsigned long long)chat->written_number, chat->in_flight,
                        i, (long long)receiver->last_seq, (long long)sender->last_seq, (long long)receiver->acked_seq,
                        (long long)sender->acked_seq, (long long)sender->peer_delivered_seq,
                        (long long)receiver->peer_delivered_seq, (long long)chat->counted_seq);
    }
}

static void watch_drain(struct bench_worker *worker)
{
    if (worker->drain_until_us == 0)
        return;
    while (worker->settled_count < worker->chat_count) {
        const struct bench_chat *chat = &worker->chats[worker->settled_count];
        if (!bench_chat_is_settled(chat) && pl_clock_now_us() > worker->drain_until_us)
            tell_unsettled(chat);
        if (!bench_chat_is_settled(chat))
            return;
        worker->settled_count++;
    }
    worker->drain_until_us = 0;
    sem_post(&worker->load->drained);
}

/* ---- turns ---- */

static void flush(struct bench_worker *worker)
{
    struct bench_device *device;
    while ((device = TAILQ_FIRST(&worker->dirty)) != NULL) {
        TAILQ_REMOVE(&worker->dirty, device, dirty);
        device->is_dirty = false;
        bench_device_flush(device);
    }
}

/* Until when there is something to do, if nothing comes. */
static int64_t wait_us(const struct bench_worker *worker)
{
    int64_t now_us = pl_clock_now_us();
    int64_t until_us = now_us + IDLE_WAIT_US;
    if (pl_timers_next_due_us(&worker->acking) < until_us)
        until_us = pl_timers_next_due_us(&worker->acking);
    if (is_paced(worker) && next_due_us(worker) < until_us)
        until_us = next_due_us(worker);
    return until_us < now_us ? 0 : until_us - now_us;
}

static void turn(struct bench_worker *worker)
{
    int64_t now_us = pl_clock_now_us();
    see_phase(worker);
    make_messages_due(worker, now_us);
    pl_timers_run(&worker->acking, now_us);
    watch_drain(worker);
    flush(worker);
    bench_poll_flush(&worker->poll);
    bench_poll_wait(&worker->poll, wait_us(worker));
}

static void *run(void *argument)
{
    struct bench_worker *worker = argument;
    bench_poll_open(&worker->poll);
    connect_next(worker);
    while (atomic_load(&worker->load->phase) != BENCH_STOPPING)
        turn(worker);
    for (unsigned i = 0; i < worker->device_count; i++)
        bench_stream_close(&worker->devices[i]->stream);
    for (unsigned i = 0; i < worker->connection_count; i++)
        bench_connection_close(&worker->connections[i]);
    bench_poll_close(&worker->poll);
    return NULL;
}

/* ---- start and end ---- */

static void make_chats(struct bench_worker *worker, unsigned first, unsigned count)
{
    worker->chats = calloc(count, sizeof(*worker->chats));
    worker->chat_count = count;
    pl_assert(worker->chats != NULL);
    for (unsigned i = 0; i < count; i++) {
        bench_chat_init(&worker->chats[i], worker, first + i);
        for (unsigned m = 0; m < worker->load->member_count; m++)
            worker->devices[worker->device_count++] = &worker->chats[i].devices[m];
    }
}

static void make_idle_devices(struct bench_worker *worker, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct bench_device *device = calloc(1, sizeof(*device));
        pl_assert(device != NULL);
        device->worker = worker;
        device->bearer = worker->load->app->users[first + i].bearer;
        worker->devices[worker->device_count++] = device;
    }
}

void bench_worker_start(struct bench_worker *worker, struct bench_load *load, unsigned first, unsigned count)
{
    memset(worker, 0, sizeof(*worker));
    worker->load = load;
    pl_timers_init(&worker->acking);
    TAILQ_INIT(&worker->dirty);
    pl_arena_init(&worker->in_arena, SIZE_MAX);
    pl_arena_init(&worker->out_arena, SIZE_MAX);
    worker->tallies = calloc((size_t)load->options->windows, sizeof(*worker->tallies));
    size_t members = load->logs != NULL ? load->member_count : 1;
    worker->devices = calloc(members * count, sizeof(*worker->devices));
    /* More than are needed where streams share one. */
    worker->connections = calloc(members * count, sizeof(*worker->connections));
    pl_assert(worker->tallies != NULL && worker->devices != NULL && worker->connections != NULL);
    if (load->logs != NULL)
        make_chats(worker, first, count);
    else
        make_idle_devices(worker, first, count);
    pl_assert(pthread_create(&worker->thread, NULL, run, worker) == 0);
}

void bench_worker_join(struct bench_worker *worker)
{
    pthread_join(worker->thread, NULL);
    pl_timers_fini(&worker->acking);
    for (unsigned i = 0; i < worker->chat_count; i++)
        bench_chat_fini(&worker->chats[i]);
    for (unsigned i = 0; worker->chats == NULL && i < worker->device_count; i++)
        free(worker->devices[i]);
    free(worker->chats);
    free(worker->devices);
    free(worker->connections);
    pl_arena_fini(&worker->in_arena);
    pl_arena_fini(&worker->out_arena);
}
