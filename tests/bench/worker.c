/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/worker.h"

#include <grpc/support/time.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bench/fail.h"
#include "bench/rpc.h"

#define CONNECTING_MAX 128 /* devices that connect at a time */
#define IDLE_WAIT_US 20000 /* how late a change of phase may be seen */
#define DRAIN_US 20000000

/* ---- what devices and chats ask for ---- */

void bench_worker_soil(struct bench_worker *worker, struct bench_device *device)
{
    if (device->is_dirty)
        return;
    device->is_dirty = true;
    TAILQ_INSERT_TAIL(&worker->dirty, device, dirty);
}

static void make_ack_due(struct bench_worker *worker, struct bench_device *device)
{
    if (device->ack_waits)
        TAILQ_REMOVE(&worker->acking, device, acking);
    device->ack_waits = false;
    device->ack_is_due = true;
    bench_worker_soil(worker, device);
}

void bench_worker_owe_ack(struct bench_worker *worker, struct bench_device *device)
{
    if (device->ack_is_due)
        return;
    if (device->last_seq - device->acked_seq >= device->ack_entries_max) {
        make_ack_due(worker, device);
    } else if (!device->ack_waits) {
        device->ack_waits = true;
        device->ack_due_us = pl_clock_now_us() + device->ack_interval_us;
        TAILQ_INSERT_TAIL(&worker->acking, device, acking);
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

/* All chats together send one message every 1/rate s, in turn. What finds no room stays due, and is counted as late. */
static void add_what_is_due(struct bench_chat *chat, int64_t now_us)
{
    const struct bench_options *options = chat->worker->load->options;
    while (bench_chat_has_room(chat)) {
        int64_t place = (int64_t)chat->last_number * chat->worker->load->chat_count + chat->index;
        int64_t due_us = chat->worker->load->start_us + place * 1000000 / options->rate;
        if (due_us > now_us)
            return;
        bench_chat_add(chat, due_us);
    }
}

void bench_worker_retired(struct bench_worker *worker, struct bench_chat *chat)
{
    if (worker->seen_phase == BENCH_RUNNING && worker->load->options->mode == BENCH_PAIRS)
        fill_window(chat);
}

static void on_pace(struct bench_tag *tag, bool ok)
{
    struct bench_worker *worker = pl_container_of(tag, struct bench_worker, pace);
    (void)ok;
    atomic_store(&worker->pace_is_out, false);
    int64_t now_us = pl_clock_now_us();
    for (unsigned i = 0; worker->seen_phase == BENCH_RUNNING && i < worker->chat_count; i++)
        add_what_is_due(&worker->chats[i], now_us);
}

/* gRPC's own waiting counts in milliseconds, so a thread that sleeps exactly posts an empty batch. */
static void *run_pacer(void *argument)
{
    struct bench_worker *worker = argument;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!atomic_load(&worker->pacer_stops)) {
        next.tv_nsec += (long)worker->load->options->tick_us * 1000;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
        if (!atomic_exchange(&worker->pace_is_out, true))
            pl_assert(grpc_call_start_batch(worker->devices[0]->stream.call, NULL, 0, &worker->pace, NULL) ==
                      GRPC_CALL_OK);
    }
    return NULL;
}

/* ---- phases ---- */

static void connect_next(struct bench_worker *worker)
{
    const struct bench_options *options = worker->load->options;
    while (worker->connect_count < worker->device_count &&
           worker->connect_count < worker->ready_count + CONNECTING_MAX) {
        unsigned index = worker->connect_count++;
        unsigned channel = index / (unsigned)options->streams_per_connection;
        bench_device_connect(worker->devices[index], worker->channels[channel]);
    }
}

void bench_worker_ready(struct bench_worker *worker, struct bench_device *device)
{
    (void)device;
    if (++worker->ready_count == worker->device_count)
        sem_post(&worker->load->connected);
    connect_next(worker);
}

static void start_running(struct bench_worker *worker)
{
    if (bench_is_open_loop(worker->load->options)) {
        pl_assert(pthread_create(&worker->pacer, NULL, run_pacer, worker) == 0);
        return;
    }
    for (unsigned i = 0; i < worker->chat_count; i++)
        fill_window(&worker->chats[i]);
}

static void start_draining(struct bench_worker *worker)
{
    worker->drain_until_us = pl_clock_now_us() + DRAIN_US;
    if (!bench_is_open_loop(worker->load->options))
        return;
    atomic_store(&worker->pacer_stops, true);
    pthread_join(worker->pacer, NULL);
}

static void see_phase(struct bench_worker *worker)
{
    enum bench_phase phase = (enum bench_phase)atomic_load(&worker->load->phase);
    if (phase == worker->seen_phase)
        return;
    worker->seen_phase = phase;
    if (phase == BENCH_RUNNING)
        start_running(worker);
    else if (phase == BENCH_DRAINING)
        start_draining(worker);
    else if (phase == BENCH_STOPPING)
        for (unsigned i = 0; i < worker->device_count; i++)
            bench_stream_cancel(&worker->devices[i]->stream);
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

static void make_acks_due(struct bench_worker *worker, int64_t now_us)
{
    struct bench_device *device;
    while ((device = TAILQ_FIRST(&worker->acking)) != NULL && device->ack_due_us <= now_us)
        make_ack_due(worker, device);
}

static void flush(struct bench_worker *worker)
{
    struct bench_device *device;
    while ((device = TAILQ_FIRST(&worker->dirty)) != NULL) {
        TAILQ_REMOVE(&worker->dirty, device, dirty);
        device->is_dirty = false;
        bench_device_flush(device);
    }
}

static gpr_timespec deadline(const struct bench_worker *worker)
{
    int64_t wait_us = IDLE_WAIT_US;
    const struct bench_device *device = TAILQ_FIRST(&worker->acking);
    if (device != NULL) {
        int64_t until_us = device->ack_due_us - pl_clock_now_us();
        wait_us = until_us < 0 ? 0 : until_us < wait_us ? until_us : wait_us;
    }
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(wait_us, GPR_TIMESPAN));
}

static void turn(struct bench_worker *worker)
{
    grpc_event event = grpc_completion_queue_next(worker->queue, deadline(worker), NULL);
    if (event.type == GRPC_OP_COMPLETE) {
        struct bench_tag *tag = event.tag;
        tag->run(tag, event.success != 0);
    }
    see_phase(worker);
    make_acks_due(worker, pl_clock_now_us());
    watch_drain(worker);
    flush(worker);
}

static bool has_tags_out(const struct bench_worker *worker)
{
    for (unsigned i = 0; i < worker->device_count; i++)
        if (worker->devices[i]->stream.tags_out > 0)
            return true;
    return atomic_load(&worker->pace_is_out);
}

static void *run(void *argument)
{
    struct bench_worker *worker = argument;
    connect_next(worker);
    while (worker->seen_phase != BENCH_STOPPING || has_tags_out(worker))
        turn(worker);
    for (unsigned i = 0; i < worker->device_count; i++)
        bench_stream_close(&worker->devices[i]->stream);
    grpc_completion_queue_shutdown(worker->queue);
    while (grpc_completion_queue_next(worker->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        continue;
    grpc_completion_queue_destroy(worker->queue);
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

static void open_channels(struct bench_worker *worker)
{
    unsigned each = (unsigned)worker->load->options->streams_per_connection;
    worker->channel_count = (worker->device_count + each - 1) / each;
    worker->channels = calloc(worker->channel_count, sizeof(grpc_channel *));
    pl_assert(worker->channels != NULL);
    for (unsigned i = 0; i < worker->channel_count; i++)
        worker->channels[i] = bench_channel_open(worker->load->options->endpoint);
}

void bench_worker_start(struct bench_worker *worker, struct bench_load *load, unsigned first, unsigned count)
{
    memset(worker, 0, sizeof(*worker));
    worker->load = load;
    worker->pace.run = on_pace;
    TAILQ_INIT(&worker->acking);
    TAILQ_INIT(&worker->dirty);
    pl_arena_init(&worker->in_arena, SIZE_MAX);
    pl_arena_init(&worker->out_arena, SIZE_MAX);
    worker->queue = grpc_completion_queue_create_for_next(NULL);
    worker->tallies = calloc((size_t)load->options->windows, sizeof(*worker->tallies));
    size_t members = load->logs != NULL ? load->member_count : 1;
    worker->devices = calloc(members * count, sizeof(*worker->devices));
    pl_assert(worker->tallies != NULL && worker->devices != NULL);
    if (load->logs != NULL)
        make_chats(worker, first, count);
    else
        make_idle_devices(worker, first, count);
    open_channels(worker);
    pl_assert(pthread_create(&worker->thread, NULL, run, worker) == 0);
}

void bench_worker_join(struct bench_worker *worker)
{
    pthread_join(worker->thread, NULL);
    for (unsigned i = 0; i < worker->channel_count; i++)
        grpc_channel_destroy(worker->channels[i]);
    for (unsigned i = 0; i < worker->chat_count; i++)
        bench_chat_fini(&worker->chats[i]);
    for (unsigned i = 0; worker->chats == NULL && i < worker->device_count; i++)
        free(worker->devices[i]);
    free(worker->chats);
    free(worker->devices);
    free(worker->channels);
    pl_arena_fini(&worker->in_arena);
    pl_arena_fini(&worker->out_arena);
}
