/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The one way in which the bench gives up: a sentence and exit code 1. Any thread. */
#ifndef PL_TESTS_BENCH_FAIL_H
#define PL_TESTS_BENCH_FAIL_H

#include <stdnoreturn.h>

#include "base/status.h"

/* The environment or the server did not do what the run needs. */
noreturn void bench_fail(const char *format, ...) PL_PRINTF(1, 2);
/* The server broke a promise: a message lost, doubled, changed or out of order, a receipt that went back. */
noreturn void bench_violation(const char *format, ...) PL_PRINTF(1, 2);

#endif
