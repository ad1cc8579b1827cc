/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The mode reconnect: the server dies under its streams, and all devices come back at once. */
#ifndef PL_TESTS_BENCH_RECONNECT_H
#define PL_TESTS_BENCH_RECONNECT_H

#include "bench/options.h"

/* Blocks until the report is out. */
void bench_reconnect_run(const struct bench_options *options);

#endif
