/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Each chat has one message that all have acknowledged, so each device has a cursor and a peer's receipt in each. The
 * streams are there; the server is killed; a new one starts; the streams are opened again. That every chat is followed
 * is seen when it is measured: one more message in each must come to both of its members, once.
 */
#include "bench/reconnect.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/fail.h"
#include "bench/fill.h"
#include "bench/prefill.h"
#include "bench/report.h"
#include "bench/server.h"
#include "bench/setup.h"
#include "bench/window.h"
#include "bench/worker.h"

#define ARRIVAL_US 120000000

static struct bench_worker *connect_all(struct bench_load *load)
{
    struct bench_worker *worker = calloc(1, sizeof(*worker));
    pl_assert(worker != NULL);
    atomic_store(&load->phase, BENCH_CONNECTING);
    bench_worker_start(worker, load, 0, (unsigned)load->options->streams);
    while (sem_wait(&load->connected) != 0)
        continue;
    return worker;
}

static void end(struct bench_load *load, struct bench_worker *worker)
{
    atomic_store(&load->phase, BENCH_STOPPING);
    bench_worker_join(worker);
    free(worker->tallies);
    free(worker);
}

/* The streams of a server that is stopped end on this side only, so for it this is the kill. */
static pid_t kill_and_restart(struct bench_load *load, pid_t server, struct bench_worker *worker, int64_t *ret_start_us)
{
    bench_server_freeze(server);
    end(load, worker);
    bench_server_reap(server);
    int64_t before_us = pl_clock_now_us();
    server = bench_server_start(load->options);
    *ret_start_us = pl_clock_now_us() - before_us;
    return server;
}

static void see_every_chat(const struct bench_load *load, const struct bench_worker *worker)
{
    int64_t until_us = pl_clock_now_us() + ARRIVAL_US;
    uint64_t messages = bench_fill_chats(load->app, load->options);
    while (atomic_load(&worker->arrived) < 2 * messages)
        if (pl_clock_now_us() > until_us)
            bench_violation("of %llu messages to two each only %llu arrived", (unsigned long long)messages,
                            (unsigned long long)atomic_load(&worker->arrived));
        else
            usleep(10000);
    for (unsigned i = 0; i < worker->device_count; i++)
        if (worker->devices[i]->arrived != (unsigned)load->options->chats / 2 * 2)
            bench_violation("a device in %d chats got %u messages", load->options->chats, worker->devices[i]->arrived);
}

static struct bench_worker *measure(struct bench_load *load, struct bench_reconnect_result *result)
{
    struct bench_meter meter;
    bench_meter_open(load->options, &meter);
    bench_meter_begin(&meter);
    struct bench_worker *worker = connect_all(load);
    bench_meter_end(&meter, &result->window);
    bench_meter_close(&meter);
    return worker;
}

void bench_reconnect_run(const struct bench_options *options)
{
    struct bench_options own = *options; /* server_pid is this mode's */
    struct bench_app app;
    struct bench_reconnect_result result = {0};
    struct bench_load load = {.options = &own, .app = &app};
    atomic_store(&load.window, -1);
    sem_init(&load.connected, 0, 0);
    own.server_pid = bench_server_start(&own);
    bench_app_create(&own, (unsigned)own.streams, &app);
    bench_prefill_chats(&own, &app, own.chats);
    bench_prefill_life(&own, &app);
    struct bench_worker *worker = connect_all(&load);
    sleep((unsigned)own.warmup_s);
    own.server_pid = kill_and_restart(&load, own.server_pid, worker, &result.start_us);
    worker = measure(&load, &result);
    see_every_chat(&load, worker);
    bench_report_reconnect(&own, &result);
    end(&load, worker);
    bench_server_reap(own.server_pid);
    bench_app_destroy(&app);
}
