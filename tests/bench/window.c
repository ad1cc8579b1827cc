/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/window.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bench/processes.h"

void bench_window_add(struct bench_window *window, const struct bench_window *other)
{
    struct bench_counters *used = &window->used;
    used->at_us += other->used.at_us;
    used->server_cpu_us += other->used.server_cpu_us;
    used->postgres_cpu_us += other->used.postgres_cpu_us;
    used->generator_cpu_us += other->used.generator_cpu_us;
    used->machine_cpu_us += other->used.machine_cpu_us;
    used->stolen_us += other->used.stolen_us;
    used->wal_bytes += other->used.wal_bytes;
    used->switches += other->used.switches;
    window->server_rss_bytes = other->server_rss_bytes;
    bench_histogram_merge(&window->fsync_us, &other->fsync_us);
    bench_histogram_merge(&window->delivered_us, &other->delivered_us);
    bench_histogram_merge(&window->sent_us, &other->sent_us);
    bench_histogram_merge(&window->last_us, &other->last_us);
    window->frames_to_server += other->frames_to_server;
    window->frames_from_server += other->frames_from_server;
}

void bench_meter_open(const struct bench_options *options, struct bench_meter *ret_meter)
{
    *ret_meter = (struct bench_meter){.options = options, .database = bench_database_open(options->database)};
    ret_meter->postmaster = bench_database_postmaster(ret_meter->database);
    if (options->fsync_dir != NULL)
        ret_meter->probe = bench_fsync_probe_start(options->fsync_dir);
}

void bench_meter_close(struct bench_meter *meter)
{
    if (meter->probe != NULL)
        bench_fsync_probe_stop(meter->probe);
    PQfinish(meter->database);
}

static struct bench_counters read_counters(const struct bench_meter *meter)
{
    pid_t server = meter->options->server_pid;
    struct bench_counters counters = {
        .at_us = pl_clock_now_us(),
        .server_cpu_us = bench_process_cpu_us(server),
        .postgres_cpu_us = bench_process_cpu_us(meter->postmaster),
        .generator_cpu_us = bench_process_own_cpu_us(),
        .wal_bytes = bench_database_wal_bytes(meter->database),
        .switches = bench_process_switches(server),
    };
    bench_machine_cpu_us(&counters.machine_cpu_us, &counters.stolen_us);
    return counters;
}

static struct bench_counters difference(const struct bench_counters *to, const struct bench_counters *from)
{
    return (struct bench_counters){
        .at_us = to->at_us - from->at_us,
        .server_cpu_us = to->server_cpu_us - from->server_cpu_us,
        .postgres_cpu_us = to->postgres_cpu_us - from->postgres_cpu_us,
        .generator_cpu_us = to->generator_cpu_us - from->generator_cpu_us,
        .machine_cpu_us = to->machine_cpu_us - from->machine_cpu_us,
        .stolen_us = to->stolen_us - from->stolen_us,
        .wal_bytes = to->wal_bytes - from->wal_bytes,
        .switches = to->switches - from->switches,
    };
}

static void sleep_until(int64_t until_us)
{
    struct timespec at = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0)
        continue;
}

void bench_meter_begin(struct bench_meter *meter)
{
    struct bench_histogram before = {0};
    if (meter->probe != NULL)
        bench_fsync_probe_take(meter->probe, &before);
    meter->from = read_counters(meter);
}

void bench_meter_end(struct bench_meter *meter, struct bench_window *ret_window)
{
    struct bench_counters to = read_counters(meter);
    ret_window->used = difference(&to, &meter->from);
    ret_window->server_rss_bytes = bench_process_rss_bytes(meter->options->server_pid);
    if (meter->probe != NULL)
        bench_fsync_probe_take(meter->probe, &ret_window->fsync_us);
}

void bench_meter_measure(struct bench_meter *meter, struct bench_window *ret_window)
{
    int64_t length_us = (int64_t)meter->options->measure_s * 1000000;
    bench_meter_begin(meter);
    if (meter->options->checkpoint_wanted) {
        sleep_until(meter->from.at_us + length_us / 2);
        bench_database_run(meter->database, "checkpoint");
    }
    sleep_until(meter->from.at_us + length_us);
    bench_meter_end(meter, ret_window);
}
