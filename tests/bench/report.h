/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The results: a table for people on stdout, JSON for programs in the file that the options name. */
#ifndef PL_TESTS_BENCH_REPORT_H
#define PL_TESTS_BENCH_REPORT_H

#include "bench/window.h"

struct bench_idle_result {
    int64_t rss_before_bytes;
    int64_t gateway_before_bytes, gateway_bytes; /* 0 without WebSockets */
    int64_t connect_us;                          /* until every stream had caught up */
    struct bench_window window;
};

struct bench_reconnect_result {
    int64_t start_us;           /* from the exec of the new server until it took connections */
    struct bench_window window; /* from then until every stream had caught up */
};

struct bench_drain_round {
    int64_t first_us; /* from connecting until the first entry was there */
    int64_t all_us;   /* until caught_up */
};

/* All windows of each kind together. */
struct bench_sweep_result {
    struct bench_window without, with; /* the sweeper at work */
    double swept_per_s;
};

/* Likewise. */
struct bench_noisy_result {
    struct bench_window without, with; /* a busy group beside */
};

/* Sorts the windows by what they delivered and shows each; the median one stands for the run. */
void bench_report_load(const struct bench_options *options, struct bench_window *windows);
/* Sorts the windows of the many groups; large is one. */
void bench_report_groups(const struct bench_options *options, struct bench_window *many,
                         const struct bench_window *large);
void bench_report_idle(const struct bench_options *options, const struct bench_idle_result *result);
/* Sorts the rounds; the window is over all of them. */
void bench_report_drain(const struct bench_options *options, struct bench_drain_round *rounds,
                        const struct bench_window *window);
/* bodies: of bodies that went; rows: of rows that did. */
void bench_report_sweep(const struct bench_options *options, const struct bench_sweep_result *bodies,
                        const struct bench_sweep_result *rows);
void bench_report_noisy(const struct bench_options *options, const struct bench_noisy_result *result);
void bench_report_reconnect(const struct bench_options *options, const struct bench_reconnect_result *result);

#endif
