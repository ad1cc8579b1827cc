/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A parleyd that the bench itself runs, so that it may kill it. Its settings are the bench's environment. */
#ifndef PL_TESTS_BENCH_SERVER_H
#define PL_TESTS_BENCH_SERVER_H

#include "bench/options.h"

/* Blocks until options->endpoint takes connections. */
pid_t bench_server_start(const struct bench_options *options);
/* From the moment of the call the server does nothing any more; it is gone when bench_server_reap returns. */
void bench_server_freeze(pid_t server);
void bench_server_reap(pid_t server);

#endif
