/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/histogram.h"

#include <math.h>

#define EXACT_BITS 7 /* below 2^7 a bucket is one value */
#define HALF (1 << (EXACT_BITS - 1))

static unsigned bucket_of(int64_t value)
{
    if (value < 0)
        return 0;
    if (value < 2 * HALF)
        return (unsigned)value;
    unsigned shift = 63 - (unsigned)__builtin_clzll((unsigned long long)value) - (EXACT_BITS - 1);
    unsigned bucket = shift * HALF + (unsigned)(value >> shift);
    return bucket < BENCH_HISTOGRAM_BUCKETS ? bucket : BENCH_HISTOGRAM_BUCKETS - 1;
}

/* The largest value of the bucket. */
static int64_t value_of(unsigned bucket)
{
    if (bucket < 2 * HALF)
        return bucket;
    unsigned shift = bucket / HALF - 1;
    int64_t first = (int64_t)(bucket - shift * HALF) << shift;
    return first + ((int64_t)1 << shift) - 1;
}

void bench_histogram_add(struct bench_histogram *histogram, int64_t value)
{
    histogram->counts[bucket_of(value)]++;
    histogram->total++;
    if (value > histogram->max)
        histogram->max = value;
}

void bench_histogram_merge(struct bench_histogram *histogram, const struct bench_histogram *other)
{
    for (unsigned i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++)
        histogram->counts[i] += other->counts[i];
    histogram->total += other->total;
    if (other->max > histogram->max)
        histogram->max = other->max;
}

int64_t bench_histogram_at(const struct bench_histogram *histogram, double fraction)
{
    uint64_t wanted = (uint64_t)ceil(fraction * (double)histogram->total);
    uint64_t seen = 0;
    for (unsigned i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen >= wanted && seen > 0)
            return value_of(i) < histogram->max ? value_of(i) : histogram->max;
    }
    return 0;
}
