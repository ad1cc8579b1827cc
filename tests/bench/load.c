/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/fail.h"
#include "bench/load.h"
#include "bench/report.h"
#include "bench/setup.h"
#include "bench/window.h"
#include "bench/worker.h"

static void wait_for_all(sem_t *semaphore, int count)
{
    for (int i = 0; i < count; i++)
        while (sem_wait(semaphore) != 0)
            continue;
}

static void start_workers(struct bench_load *load, struct bench_worker *workers)
{
    unsigned threads = (unsigned)load->options->threads;
    for (unsigned i = 0, first = 0; i < threads; i++) {
        unsigned count = load->chat_count / threads + (i < load->chat_count % threads);
        bench_worker_start(&workers[i], load, first, count);
        first += count;
    }
    wait_for_all(&load->connected, load->options->threads);
}

static void measure(struct bench_load *load, struct bench_load_duty *duty, struct bench_window *windows)
{
    struct bench_meter meter;
    bench_meter_open(load->options, &meter);
    load->start_us = pl_clock_now_us();
    atomic_store(&load->phase, BENCH_RUNNING);
    sleep((unsigned)load->options->warmup_s);
    for (int i = 0; i < load->options->windows; i++) {
        if (duty != NULL && duty->begin != NULL)
            duty->begin(duty, i);
        atomic_store(&load->window, i);
        bench_meter_measure(&meter, &windows[i]);
        atomic_store(&load->window, -1);
        if (duty != NULL && duty->end != NULL)
            duty->end(duty, i);
    }
    atomic_store(&load->phase, BENCH_DRAINING);
    wait_for_all(&load->drained, load->options->threads);
    atomic_store(&load->phase, BENCH_STOPPING);
    bench_meter_close(&meter);
}

/* What the devices got must be what a reader of the database finds; what was there before is older than the app. */
static void check_stored(const struct bench_load *load, uint64_t delivered)
{
    PGconn *database = bench_database_open(load->options->database);
    char app_id[PL_UUID_TEXT_CHARS + 1];
    pl_uuid_format(&load->app->app_id.uuid, app_id);
    const char *parameters[] = {app_id};
    int64_t stored = bench_database_run_with(
        database,
        "select count(*) from messages m join chats c using (chat_id) join apps a using (app_id)"
        " where a.app_id = $1::uuid and c.chat_type in (1, 2) and m.created_at >= a.created_at and m.entry_kind = 1"
        " and m.content is not null",
        1, parameters);
    if ((uint64_t)stored * (load->member_count - 1) != delivered)
        bench_violation("%lld messages are stored for %u receivers each, %llu were delivered", (long long)stored,
                        load->member_count - 1, (unsigned long long)delivered);
    PQfinish(database);
}

/* How many messages were delivered. */
static uint64_t join_workers(const struct bench_load *load, struct bench_worker *workers, struct bench_window *windows)
{
    uint64_t delivered = 0;
    for (int i = 0; i < load->options->threads; i++) {
        bench_worker_join(&workers[i]);
        delivered += workers[i].delivered;
        for (int w = 0; w < load->options->windows; w++) {
            bench_histogram_merge(&windows[w].delivered_us, &workers[i].tallies[w].delivered_us);
            bench_histogram_merge(&windows[w].last_us, &workers[i].tallies[w].last_us);
            bench_histogram_merge(&windows[w].sent_us, &workers[i].tallies[w].sent_us);
            windows[w].frames_to_server += workers[i].tallies[w].frames_to_server;
            windows[w].frames_from_server += workers[i].tallies[w].frames_from_server;
        }
        free(workers[i].tallies);
    }
    return delivered;
}

void bench_load_measure(const struct bench_options *options, unsigned chat_count, unsigned member_count,
                        struct bench_load_duty *duty, struct bench_window *ret_windows)
{
    struct bench_app app;
    struct bench_log *logs = calloc(chat_count, sizeof(*logs));
    struct bench_worker *workers = calloc((size_t)options->threads, sizeof(*workers));
    pl_assert(logs != NULL && workers != NULL);
    if ((unsigned)options->threads > chat_count)
        bench_fail("there are more threads than chats");
    bench_app_create(options, chat_count * member_count, &app);
    bench_app_create_chats(&app, options, member_count, logs);
    if (duty != NULL && duty->prepare != NULL)
        duty->prepare(duty, &app, logs);
    struct bench_load load = {
        .options = options, .app = &app, .logs = logs, .chat_count = chat_count, .member_count = member_count};
    atomic_store(&load.window, -1);
    sem_init(&load.connected, 0, 0);
    sem_init(&load.drained, 0, 0);
    start_workers(&load, workers);
    measure(&load, duty, ret_windows);
    uint64_t delivered = join_workers(&load, workers, ret_windows);
    if (duty != NULL && duty->check != NULL)
        duty->check(duty, &app, logs);
    check_stored(&load, delivered);
    bench_app_destroy(&app);
    free(logs);
    free(workers);
}

void bench_load_run(const struct bench_options *options)
{
    struct bench_window *windows = calloc((size_t)options->windows, sizeof(*windows));
    pl_assert(windows != NULL);
    bench_load_measure(options, (unsigned)options->pairs, 2, NULL, windows);
    bench_report_load(options, windows);
    free(windows);
}
