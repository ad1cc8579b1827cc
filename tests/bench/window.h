/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A measured stretch of time: what each process used, what was written, and (by the caller) what was delivered. */
#ifndef PL_TESTS_BENCH_WINDOW_H
#define PL_TESTS_BENCH_WINDOW_H

#include "bench/database.h"
#include "bench/fsync_probe.h"
#include "bench/options.h"

/* What only grows. */
struct bench_counters {
    int64_t at_us;
    int64_t server_cpu_us;
    int64_t postgres_cpu_us;
    int64_t generator_cpu_us;
    int64_t machine_cpu_us; /* of everything */
    int64_t stolen_us;      /* by the machine's host */
    int64_t wal_bytes;
    int64_t switches; /* of the server */
};

struct bench_window {
    struct bench_counters used; /* at_us: how long it was */
    int64_t server_rss_bytes;   /* at its end */
    struct bench_histogram fsync_us;
    struct bench_histogram delivered_us, sent_us; /* empty where nothing is sent */
    struct bench_histogram last_us;               /* of each message, until the last receiver had it */
    int64_t frames_to_server, frames_from_server;
};

/* As if both were one. */
void bench_window_add(struct bench_window *window, const struct bench_window *other);

/* Where counters are read. */
struct bench_meter {
    const struct bench_options *options;
    PGconn *database;
    pid_t postmaster;
    struct bench_fsync_probe *probe; /* NULL: not sampled */
    struct bench_counters from;      /* at begin */
};

void bench_meter_open(const struct bench_options *options, struct bench_meter *ret_meter);
void bench_meter_close(struct bench_meter *meter);
void bench_meter_begin(struct bench_meter *meter);
/* What was used since begin, with the same server. */
void bench_meter_end(struct bench_meter *meter, struct bench_window *ret_window);
/* Sleeps through the window, with a checkpoint in its middle when the options say so. */
void bench_meter_measure(struct bench_meter *meter, struct bench_window *ret_window);

#endif
