/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * How long the file system takes to make 8 KiB durable while the run goes on: the floor under every durable latency,
 * and on a shared machine the first suspect. A thread of its own writes and syncs 20 times a second.
 */
#ifndef PL_TESTS_BENCH_FSYNC_PROBE_H
#define PL_TESTS_BENCH_FSYNC_PROBE_H

#include "bench/histogram.h"

struct bench_fsync_probe;

/* The file is made in the folder and is gone when the probe stops. */
struct bench_fsync_probe *bench_fsync_probe_start(const char *folder);
/* Copies what was measured since the last time, in microseconds. Any thread. */
void bench_fsync_probe_take(struct bench_fsync_probe *probe, struct bench_histogram *ret_latencies);
void bench_fsync_probe_stop(struct bench_fsync_probe *probe);

#endif
