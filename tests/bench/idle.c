/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One thread is enough. The server's memory before is that after the set-up's calls, so the streams' alone is seen. */
#include "bench/idle.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/prefill.h"
#include "bench/processes.h"
#include "bench/report.h"
#include "bench/setup.h"
#include "bench/websocket.h"
#include "bench/window.h"
#include "bench/worker.h"

#define OPENING 64 /* WebSockets that wait for caught_up at a time */

static void await_connected(struct bench_load *load)
{
    while (sem_wait(&load->connected) != 0)
        continue;
}

static void rest(const struct bench_options *options, struct bench_idle_result *result)
{
    struct bench_meter meter;
    sleep((unsigned)options->warmup_s);
    bench_meter_open(options, &meter);
    bench_meter_measure(&meter, &result->window);
    bench_meter_close(&meter);
    result->gateway_bytes = bench_process_rss_bytes(options->gateway_pid);
}

static void measure_streams(struct bench_load *load, struct bench_idle_result *result)
{
    struct bench_worker *worker = calloc(1, sizeof(*worker));
    pl_assert(worker != NULL);
    int64_t start_us = pl_clock_now_us();
    bench_worker_start(worker, load, 0, (unsigned)load->options->streams);
    await_connected(load);
    result->connect_us = pl_clock_now_us() - start_us;
    rest(load->options, result);
    atomic_store(&load->phase, BENCH_STOPPING);
    bench_worker_join(worker);
    free(worker->tallies);
    free(worker);
}

static void measure_websockets(const struct bench_load *load, struct bench_idle_result *result)
{
    const struct bench_options *options = load->options;
    int *sockets = calloc((size_t)options->streams, sizeof(*sockets));
    struct pl_arena arena;
    pl_assert(sockets != NULL);
    pl_arena_init(&arena, SIZE_MAX);
    int64_t start_us = pl_clock_now_us();
    for (int opened = 0, awaited = 0; awaited < options->streams;) {
        for (; opened < options->streams && opened < awaited + OPENING; opened++)
            sockets[opened] = bench_websocket_open(options->gateway, load->app->users[opened].bearer);
        for (; awaited < opened; awaited++)
            bench_websocket_await(sockets[awaited], &arena);
    }
    result->connect_us = pl_clock_now_us() - start_us;
    rest(options, result);
    for (int i = 0; i < options->streams; i++) {
        bench_websocket_check_silent(sockets[i]);
        close(sockets[i]);
    }
    pl_arena_fini(&arena);
    free(sockets);
}

void bench_idle_run(const struct bench_options *options)
{
    struct bench_app app;
    struct bench_idle_result result = {0};
    bench_app_create(options, (unsigned)options->streams, &app);
    if (options->chats > 1)
        bench_prefill_chats(options, &app, options->chats);
    struct bench_load load = {.options = options, .app = &app};
    atomic_store(&load.window, -1);
    sem_init(&load.connected, 0, 0);
    result.rss_before_bytes = bench_process_rss_bytes(options->server_pid);
    result.gateway_before_bytes = bench_process_rss_bytes(options->gateway_pid);
    if (options->gateway != NULL)
        measure_websockets(&load, &result);
    else
        measure_streams(&load, &result);
    bench_report_idle(options, &result);
    bench_app_destroy(&app);
}
