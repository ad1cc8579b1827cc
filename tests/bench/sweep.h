/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What sends wait for while the sweeper works. */
#ifndef PL_TESTS_BENCH_SWEEP_H
#define PL_TESTS_BENCH_SWEEP_H

#include "bench/options.h"

/* Blocks until the report is out. */
void bench_sweep_run(const struct bench_options *options);

#endif
