/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The mode drain: a device that was away fetches what it missed. */
#ifndef PL_TESTS_BENCH_DRAIN_H
#define PL_TESTS_BENCH_DRAIN_H

#include "bench/options.h"

/* Blocks until the report is out. */
void bench_drain_run(const struct bench_options *options);

#endif
