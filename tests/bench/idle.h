/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The mode idle: what a stream costs the server that says nothing. */
#ifndef PL_TESTS_BENCH_IDLE_H
#define PL_TESTS_BENCH_IDLE_H

#include "bench/options.h"

/* Blocks until the report is out. */
void bench_idle_run(const struct bench_options *options);

#endif
