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
#include "bench/window.h"
#include "bench/worker.h"

static void await_connected(struct bench_load *load)
{
    while (sem_wait(&load->connected) != 0)
        continue;
}

static void measure(struct bench_load *load, struct bench_idle_result *result)
{
    const struct bench_options *options = load->options;
    struct bench_worker *worker = calloc(1, sizeof(*worker));
    struct bench_meter meter;
    pl_assert(worker != NULL);
    result->rss_before_bytes = bench_process_rss_bytes(options->server_pid);
    int64_t start_us = pl_clock_now_us();
    bench_worker_start(worker, load, 0, (unsigned)options->streams);
    await_connected(load);
    result->connect_us = pl_clock_now_us() - start_us;
    sleep((unsigned)options->warmup_s);
    bench_meter_open(options, &meter);
    bench_meter_measure(&meter, &result->window);
    bench_meter_close(&meter);
    atomic_store(&load->phase, BENCH_STOPPING);
    bench_worker_join(worker);
    free(worker->tallies);
    free(worker);
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
    measure(&load, &result);
    bench_report_idle(options, &result);
    bench_app_destroy(&app);
}
