/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Who is there: a user is online while one of their streams was heard of within two intervals of heartbeats. Each loop
 * has its sessions in the order in which they were last heard of and one timer for the first of them, so a frame costs
 * a move in a list and an idle stream nothing. A session that falls silent, or speaks again, says so to its user's
 * record, which counts; the end of a session is heard there at once.
 *
 * When a user was last seen is stored when they go, and every SEEN_EVERY_US while they are there, for many users with
 * one statement; what the database does not take is tried again until the server drains, but for what is more than
 * SEEN_MAX by then.
 */
#ifndef PL_DELIVERY_PRESENCE_H
#define PL_DELIVERY_PRESENCE_H

#include "delivery/session.h"

/* ---- a session; on its loop ---- */
/* The device said something, or was welcomed. */
void pl_session_heard(struct pl_session *session);
/* The call is closed. */
void pl_session_forget_heard(struct pl_session *session);

/* ---- a user's record; on its shard's loop ---- */
/* One more user of the shard is online, or one less. */
void pl_shard_count_online(struct pl_shard *shard, int change);
/* The user is there at this time by the wall, or was until then: stored with others. */
void pl_shard_saw(struct pl_shard *shard, const struct pl_user_id *user, int64_t at_us);
/* The latest of these that may not be stored yet; 0: whoever reads the table from now on finds them all. */
int64_t pl_shard_unsaved_us(const struct pl_shard *shard, const struct pl_user_id *user);

void pl_shard_init_presence(struct pl_shard *shard);
/* What is to be stored is tried once more, at once. */
void pl_shard_drain_presence(struct pl_shard *shard);
void pl_shard_fini_presence(struct pl_shard *shard);

/* ---- others; any thread ---- */
/* The asker's memory until done. */
struct pl_presence_question {
    struct pl_task task;
    struct pl_shard *shard;
    struct pl_mailbox *home;
    void (*done)(struct pl_presence_question *question); /* on the home thread */
    struct pl_user_id user_id;
    bool is_online;
    int64_t unsaved_us; /* when they were last seen, if the table does not say so yet; 0: it does */
};
void pl_hub_ask_presence(struct pl_hub *hub, struct pl_presence_question *question);

#endif
