/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* An app of its own for a run, with users, their devices and tokens, and chats. By the public API only. */
#ifndef PL_TESTS_BENCH_SETUP_H
#define PL_TESTS_BENCH_SETUP_H

#include <stdint.h>

#include "base/uuid.h"
#include "bench/options.h"

struct bench_user {
    struct pl_user_id user_id;
    char *bearer; /* "Bearer TOKEN" of the user's one device */
};

struct bench_app {
    char *api_key;
    struct pl_app_id app_id;
    struct bench_user *users;
    unsigned user_count;
};

/* Blocks. For tens of thousands of users this takes minutes, since each is three commits. */
void bench_app_create(const struct bench_options *options, unsigned user_count, struct bench_app *ret_app);
void bench_app_destroy(struct bench_app *app);

/* A chat that was made, and the end of its log then. */
struct bench_log {
    struct pl_chat_id chat_id;
    int64_t last_seq;
};

/* Chats of member_count users each, in the order of users; more than two are a group, which the first one owns. */
void bench_app_create_chats(const struct bench_app *app, const struct bench_options *options, unsigned member_count,
                            struct bench_log *ret_logs);

/* The chat of the first user with each of the others. */
void bench_app_create_star(const struct bench_app *app, const struct bench_options *options,
                           struct bench_log *ret_logs);

#endif
