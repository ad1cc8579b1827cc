/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Messages in chats: the modes pairs and open, and what groups and sweep have in common with them. */
#ifndef PL_TESTS_BENCH_LOAD_H
#define PL_TESTS_BENCH_LOAD_H

#include "bench/setup.h"
#include "bench/window.h"

/* Blocks until the report is out. */
void bench_load_run(const struct bench_options *options);

/* What else is to be done around the load, by the thread that measures. NULL: nothing. */
struct bench_load_duty {
    /* Before the first device connects; logs may get another end. */
    void (*prepare)(struct bench_load_duty *duty, const struct bench_app *app, struct bench_log *logs);
    /* Around each window. */
    void (*begin)(struct bench_load_duty *duty, int window);
    void (*end)(struct bench_load_duty *duty, int window);
    /* All was delivered, and the devices are gone. */
    void (*check)(struct bench_load_duty *duty, const struct bench_app *app, const struct bench_log *logs);
};

/*
 * Chats of their own, of member_count devices each, of which one sends; as many windows as the options say. duty: NULL
 * for none.
 */
void bench_load_measure(const struct bench_options *options, unsigned chat_count, unsigned member_count,
                        struct bench_load_duty *duty, struct bench_window *ret_windows);

#endif
