/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Rows that were there before, so that tables and indexes have the size of a real installation's. */
#ifndef PL_TESTS_BENCH_PREFILL_H
#define PL_TESTS_BENCH_PREFILL_H

#include "bench/options.h"
#include "bench/setup.h"

/* Fills the database up to that many messages, in chats of an app that nobody uses. Once for each database. */
void bench_prefill(const struct bench_options *options);
/* Puts each user of the app into chats_of_each (rounded down to even) individual chats with its neighbours. */
void bench_prefill_chats(const struct bench_options *options, const struct bench_app *app, int chats_of_each);

/* A message in each chat of the app, which every device has acknowledged. */
void bench_prefill_life(const struct bench_options *options, const struct bench_app *app);

#define BENCH_HISTORY_SETTINGS_EVERY 100
/*
 * As many entries in each chat of the app, which every device has acknowledged, older than the app: messages, and a
 * change of settings among each BENCH_HISTORY_SETTINGS_EVERY of them. The messages have expired, or else the app keeps
 * them no longer.
 */
void bench_prefill_history(const struct bench_options *options, const struct bench_app *app, int64_t entries,
                           bool is_kept_no_longer);

#endif
