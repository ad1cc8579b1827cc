/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Messages in chats: the modes pairs and open, and what groups has in common with them. */
#ifndef PL_TESTS_BENCH_LOAD_H
#define PL_TESTS_BENCH_LOAD_H

#include "bench/window.h"

/* Blocks until the report is out. */
void bench_load_run(const struct bench_options *options);

/* Chats of their own, of member_count devices each, of which one sends; as many windows as the options say. */
void bench_load_measure(const struct bench_options *options, unsigned chat_count, unsigned member_count,
                        struct bench_window *ret_windows);

#endif
