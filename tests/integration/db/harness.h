/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A pl_db on a test database, with a home mailbox that the test itself runs, and a record of what
 * the listener was told.
 */
#ifndef TESTS_INTEGRATION_DB_HARNESS_H
#define TESTS_INTEGRATION_DB_HARNESS_H

#include <pthread.h>
#include <stdbool.h>

#include "db/db.h"
#include "db/wake.h"
#include "support/cmocka.h"
#include "support/database.h"

#define HEARD_MAX 65536

/* One thing that the listener was told. */
struct heard {
    enum { HEARD_COMMITTED, HEARD_ADVANCED, HEARD_JOINED, HEARD_MARKED } what;
    struct pl_chat_id chat_id;
    struct pl_user_id user_id;
    struct pl_message_id message_id;
    int64_t seq; /* or delivered_seq */
    int64_t read_seq;
};

struct harness {
    struct pl_config config;
    struct pl_metrics metrics;
    struct pl_db *db;
    struct pl_mailbox home;
    struct pl_wake wake;
    struct pl_arena arena;
    unsigned done; /* items that came home */
    pthread_mutex_t lock;
    unsigned heard_count;
    struct heard *heard;
};

/* The defaults, on this database, with migrate. */
void harness_init(struct harness *harness, const struct database *database);
void harness_open(struct harness *harness);
void harness_close(struct harness *harness);
void harness_fini(struct harness *harness);
/* Runs the mailbox until so many items came home since init. */
void harness_wait(struct harness *harness, unsigned done);
/* Waits until the listener was told this of the chat with at least this seq. */
void harness_wait_heard(struct harness *harness, int what, struct pl_chat_id chat_id, int64_t seq);
unsigned harness_heard(struct harness *harness, int what);

/* An app, two users and, when asked for, their individual chat. */
struct pair {
    struct pl_app_id app_id;
    struct pl_user_id low;
    struct pl_user_id high;
    struct pl_chat_id chat_id;
};
struct pair pair_create(const struct database *database, bool with_chat);
const char *uuid_text(const struct pl_uuid *uuid); /* in one of eight static buffers */

/* A text message with a new id from low to high, to be submitted. Lives in the harness's arena. */
struct pl_append *append_new(struct harness *harness, const struct pair *pair, const char *text);
/* A further sending of the same message. */
struct pl_append *append_again(struct harness *harness, const struct pl_append *first);
/* Submits and waits; the status. */
enum pl_status append_run(struct harness *harness, struct pl_append *append);
void append_submit(struct harness *harness, struct pl_append *append);

/* A further step: an app without limits of its own is written. */
void add_app_insert(struct pl_query *query, const char *name);

/* seq of the chat is 1 to last_seq without gaps, each prev_message_id is the one before, no message_id is there twice.
 */
void assert_log_sound(const struct database *database);

#endif
