/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The mode groups: messages to many members, at a fixed rate. */
#ifndef PL_TESTS_BENCH_GROUPS_H
#define PL_TESTS_BENCH_GROUPS_H

#include "bench/options.h"

/* Blocks until the report is out. */
void bench_groups_run(const struct bench_options *options);

#endif
