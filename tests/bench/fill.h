/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Messages in chats that were made, sent by the public API. Both block. */
#ifndef PL_TESTS_BENCH_FILL_H
#define PL_TESTS_BENCH_FILL_H

#include "bench/setup.h"

/* In each chat of a star the other user writes as many, with the chat's index and the seq in the body. */
void bench_fill_star(const struct bench_app *app, const struct bench_options *options, const struct bench_log *logs,
                     int messages_of_each);

/* One message in each chat of the app, by the lower of its users; how many. */
uint64_t bench_fill_chats(const struct bench_app *app, const struct bench_options *options);

#endif
