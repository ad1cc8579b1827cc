/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * pl_db over a few arrays. A query first waits, then is executed (it sees what is committed at that moment), then comes
 * home; both steps happen at once unless the test holds them, so that every race can be arranged. The same holds for
 * appends and marks.
 */
#ifndef TESTS_UNIT_DELIVERY_FAKE_DB_H
#define TESTS_UNIT_DELIVERY_FAKE_DB_H

#include "db/db.h"
#include "unit/delivery/ids.h"

enum { ENTRIES_MAX = 2048, CURSORS_OF_CHAT_MAX = 256, STAYS_MAX = 64, REVOKABLE_MAX = 32 };

/* What stops a statement's queries: on their way home, or before they see the data. */
enum fake_hold { HOLD_NOTHING, HOLD_AFTER, HOLD_BEFORE };

struct fake_entry {
    struct pl_message message; /* body and metadata are its own */
};

/* An interval of membership. */
struct fake_stay {
    int64_t joined_seq;
    int64_t left_seq; /* 0: still a member */
};

struct fake_chat {
    unsigned members; /* bit n: user n; without stays from the start */
    unsigned stay_count[USERS_MAX];
    struct fake_stay stays[USERS_MAX][STAYS_MAX];
    int64_t first_seq; /* messages before are gone */
    int64_t last_seq;
    struct fake_entry entries[ENTRIES_MAX]; /* [seq - 1] */
    int64_t cursors[CURSORS_OF_CHAT_MAX];   /* of device n */
    int64_t delivered[USERS_MAX];
    int64_t read[USERS_MAX];
};

struct fake_mark {
    STAILQ_ENTRY(fake_mark) next;
    struct pl_mark *mark;
};

struct pl_db {
    struct pl_db_listener listener;
    struct pl_uuid epoch;
    struct fake_chat chats[CHATS_MAX];
    enum fake_hold holds[PL_STATEMENT_COUNT];
    enum pl_status refusals[PL_STATEMENT_COUNT]; /* answered instead of rows */
    unsigned queries[PL_STATEMENT_COUNT];        /* how many were submitted */
    struct pl_task_list waiting;                 /* queries: not executed */
    struct pl_task_list answered;                /* queries: executed, not home */
    struct pl_task_list appends;
    bool hold_appends;
    bool is_silent;                 /* commits are not published */
    STAILQ_HEAD(, fake_mark) marks; /* that somebody waits for */
    bool hold_marks;
    unsigned blocked_chats;     /* bit n: of chat n one of the two blocks the other */
    unsigned hidden_users;      /* bit n: whether user n is there may nobody know */
    unsigned deactivated_users; /* bit n: user n */
    unsigned revoked_devices;   /* bit n: device n, below REVOKABLE_MAX */
    unsigned revoked_keys;      /* bit n: signing key n */
    unsigned mark_count;
    unsigned flushes;
};

void fake_db_init(struct pl_db *db);
void fake_db_fini(struct pl_db *db);
/* Runs what is not held; false when nothing was to do. */
bool fake_db_run(struct pl_db *db);
void fake_db_hold(struct pl_db *db, enum pl_statement statement, enum fake_hold hold);
void fake_db_release_all(struct pl_db *db);

/* A committed entry with this body; nobody is told. Its seq. */
int64_t fake_db_commit(struct pl_db *db, int chat, int user, int device, const char *body);
int64_t fake_db_commit_message(struct pl_db *db, int chat, const struct pl_message *message);
/* A committed entry with which user 7 adds or removes this user; nobody is told. */
int64_t fake_db_add(struct pl_db *db, int chat, int user);
int64_t fake_db_remove(struct pl_db *db, int chat, int user);
/* The writer tells of entries first to last of a chat, in one batch. */
void fake_db_publish(struct pl_db *db, int chat, int64_t first, int64_t last);
void fake_db_advanced(struct pl_db *db, int chat, int64_t last_seq);
void fake_db_marked(struct pl_db *db, int chat, int user, int64_t delivered_seq, int64_t read_seq);

#endif
