/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Latencies, log-linear as in HdrHistogram: exact below 128, above that buckets of 1/64 of their power of two, so a
 * percentile is at most 1.6 % too high. Fixed size, no allocation. Not thread-safe: one for each thread, then merged.
 */
#ifndef PL_TESTS_BENCH_HISTOGRAM_H
#define PL_TESTS_BENCH_HISTOGRAM_H

#include <stdint.h>

#define BENCH_HISTOGRAM_BUCKETS 2112 /* up to 2^38 microseconds */

struct bench_histogram {
    uint64_t counts[BENCH_HISTOGRAM_BUCKETS];
    uint64_t total;
    int64_t max;
};

/* Values below 0 count as 0, values above the last bucket as the last bucket. */
void bench_histogram_add(struct bench_histogram *histogram, int64_t value);
void bench_histogram_merge(struct bench_histogram *histogram, const struct bench_histogram *other);
/* The smallest value (upper end of its bucket) that the fraction 0..1 of all values does not exceed; 0 when empty. */
int64_t bench_histogram_at(const struct bench_histogram *histogram, double fraction);

#endif
