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
    unsigned pairs = (unsigned)load->options->pairs;
    unsigned threads = (unsigned)load->options->threads;
    for (unsigned i = 0, first = 0; i < threads; i++) {
        unsigned count = pairs / threads + (i < pairs % threads);
        bench_worker_start(&workers[i], load, first, count);
        first += count;
    }
    wait_for_all(&load->connected, load->options->threads);
}

static void measure(struct bench_load *load, struct bench_window *windows)
{
    struct bench_meter meter;
    bench_meter_open(load->options, &meter);
    load->start_us = pl_clock_now_us();
    atomic_store(&load->phase, BENCH_RUNNING);
    sleep((unsigned)load->options->warmup_s);
    for (int i = 0; i < load->options->windows; i++) {
        atomic_store(&load->window, i);
        bench_meter_measure(&meter, &windows[i]);
        atomic_store(&load->window, -1);
    }
    atomic_store(&load->phase, BENCH_DRAINING);
    wait_for_all(&load->drained, load->options->threads);
    atomic_store(&load->phase, BENCH_STOPPING);
    bench_meter_close(&meter);
}

/* What the devices got must be what a reader of the database finds. */
static void check_stored(const struct bench_load *load, uint64_t delivered)
{
    PGconn *database = bench_database_open(load->options->database);
    char app_id[PL_UUID_TEXT_CHARS + 1];
    pl_uuid_format(&load->app->app_id.uuid, app_id);
    const char *parameters[] = {app_id};
    int64_t stored = bench_database_run_with(
        database, "select count(*) from messages join chats using (chat_id) where app_id = $1::uuid and chat_type = 1",
        1, parameters);
    if ((uint64_t)stored != delivered)
        bench_violation("%lld messages are stored, %llu were delivered", (long long)stored,
                        (unsigned long long)delivered);
    PQfinish(database);
}

static void join_workers(const struct bench_load *load, struct bench_worker *workers, struct bench_window *windows)
{
    uint64_t delivered = 0;
    for (int i = 0; i < load->options->threads; i++) {
        bench_worker_join(&workers[i]);
        delivered += workers[i].delivered;
        for (int w = 0; w < load->options->windows; w++) {
            bench_histogram_merge(&windows[w].delivered_us, &workers[i].tallies[w].delivered_us);
            bench_histogram_merge(&windows[w].sent_us, &workers[i].tallies[w].sent_us);
            windows[w].frames_to_server += workers[i].tallies[w].frames_to_server;
            windows[w].frames_from_server += workers[i].tallies[w].frames_from_server;
        }
        free(workers[i].tallies);
    }
    check_stored(load, delivered);
}

void bench_load_run(const struct bench_options *options)
{
    struct bench_app app;
    unsigned pairs = (unsigned)options->pairs;
    struct pl_chat_id *chats = calloc(pairs, sizeof(*chats));
    struct bench_worker *workers = calloc((size_t)options->threads, sizeof(*workers));
    struct bench_window *windows = calloc((size_t)options->windows, sizeof(*windows));
    pl_assert(chats != NULL && workers != NULL && windows != NULL);
    if (options->threads > options->pairs)
        bench_fail("there are more threads than pairs");
    bench_app_create(options, 2 * pairs, &app);
    bench_app_create_chats(&app, options, pairs, chats);
    struct bench_load load = {.options = options, .app = &app, .chats = chats};
    atomic_store(&load.window, -1);
    sem_init(&load.connected, 0, 0);
    sem_init(&load.drained, 0, 0);
    start_workers(&load, workers);
    measure(&load, windows);
    join_workers(&load, workers, windows);
    bench_report_load(options, windows);
    bench_app_destroy(&app);
    free(chats);
    free(workers);
    free(windows);
}
