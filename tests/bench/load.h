/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The modes pairs and open: messages between pairs of devices. */
#ifndef PL_TESTS_BENCH_LOAD_H
#define PL_TESTS_BENCH_LOAD_H

#include "bench/options.h"

/* Blocks until the report is out. */
void bench_load_run(const struct bench_options *options);

#endif
