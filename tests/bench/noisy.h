/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Whether a large group that is busy makes others wait. */
#ifndef PL_TESTS_BENCH_NOISY_H
#define PL_TESTS_BENCH_NOISY_H

#include "bench/options.h"

/* Blocks until the report is out. */
void bench_noisy_run(const struct bench_options *options);

#endif
