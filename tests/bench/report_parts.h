/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What the reports of all modes are made of. */
#ifndef PL_TESTS_BENCH_REPORT_PARTS_H
#define PL_TESTS_BENCH_REPORT_PARTS_H

#include <jansson.h>

#include "bench/window.h"

/* ---- figures of a window; a message is a delivery ---- */
double bench_per_second(const struct bench_window *window, int64_t amount);
double bench_per_message(const struct bench_window *window, int64_t amount);
int64_t bench_others_cpu_us(const struct bench_window *window);
double bench_cores(const struct bench_window *window, int64_t cpu_us);
double bench_ms_at(const struct bench_histogram *histogram, double fraction);

/* ---- JSON ---- */
json_t *bench_window_json(const struct bench_window *window);
json_t *bench_windows_json(const struct bench_window *windows, int count);
/* Takes the results. */
void bench_write_json(const struct bench_options *options, const char *name, json_t *results);

/* ---- tables ---- */
void bench_print_latencies(const char *name, const struct bench_histogram *histogram);
void bench_print_aim(const char *what, double value, double aim, bool is_met);
void bench_print_costs(const struct bench_window *window);

#endif
