/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Sessions that are told whether other users are there. A watch is one session's place at one user's record. Whenever
 * the user comes or goes, and when a block or a setting may have changed who knows, the record's watches are due; so
 * are those of a session that hears who came into a chat of its user, or left it. Each loop asks the database of all
 * that are due together who may know, and only then tells them: nothing is told on the strength of what was true
 * earlier. What waits to be told is the newest alone.
 *
 * A session and a record talk by a strict exchange, as shard.h has it: attach, later detach, then the answer, behind
 * which nothing comes.
 */
#ifndef PL_DELIVERY_WATCH_H
#define PL_DELIVERY_WATCH_H

#include "delivery/session.h"

/* ---- a session; on its loop ---- */
/* These users, and no others, are watched from now on. */
void pl_session_watch_presence(struct pl_session *session, const Parley__V1__WatchPresence *said);
/* An entry may have changed of whom its user may know: those are asked about again. NULL: of all. */
void pl_session_check_watches(struct pl_session *session, const struct pl_entry *entry);
void pl_session_put_presences(struct pl_session *session, struct pl_buf *frame);
/* The call is closed. */
void pl_session_end_watches(struct pl_session *session);

/* ---- a user's record; on its shard's loop ---- */
struct pl_watch {
    struct pl_task task; /* the exchange */
    struct pl_session *session;
    struct pl_user_id user_id;

    /* The session's half. */
    TAILQ_ENTRY(pl_watch) of_session;
    bool is_leaving;
    bool is_telling;
    bool is_online;
    int64_t last_seen_us; /* 0: not to be told */

    /* The record's half. */
    TAILQ_ENTRY(pl_watch) of_record;
    TAILQ_ENTRY(pl_watch) due;
    bool is_due;
    bool is_asked;
    bool is_gone; /* answered when the question is back */
    bool was_told;
    bool told_online;
    int64_t told_last_seen_us;
};

/* It is told how things are, when it may know. */
void pl_watch_make_due(struct pl_shard *shard, struct pl_watch *watch);
void pl_watch_forget_due(struct pl_shard *shard, struct pl_watch *watch);
void pl_shard_init_watches(struct pl_shard *shard);

#endif
