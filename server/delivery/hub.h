/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The order of every chat, once per node. For each chat that a live session of this node belongs to there is a record
 * with the tail of the log and the sessions that follow it; for each user, a record with that user's sessions. A record
 * belongs to one loop (by hash of its id) and is touched by that loop's thread only; everything else reaches it
 * by mail, first in, first out.
 *
 * An entry with seq = tail + 1 is handed to the sessions in the list and the tail moves; a lower one is dropped; a
 * higher one is parked, and when the gap has not closed after 20 ms the missing range is read from the database, once
 * for all.
 */
#ifndef PL_DELIVERY_HUB_H
#define PL_DELIVERY_HUB_H

#include "base/status.h"
#include "base/uuid.h"
#include "db/db.h"

struct pl_hub;
struct pl_server;

/* On the loops of server->rpc, which must be open; before server->db is. */
struct pl_hub *pl_hub_new(struct pl_server *server);
/* When the loops have stopped. */
void pl_hub_free(struct pl_hub *hub);
/* Blocks until no session and nothing to tell users is left; when their calls have ended, while loops and database
 * still run. */
void pl_hub_await_empty(struct pl_hub *hub);
/* What the database is to tell, see db.h; the context is the hub. */
struct pl_db_listener pl_hub_listener(struct pl_hub *hub);
/* A user has a new chat: the user's sessions on this node take it up. Any thread. */
void pl_hub_joined(struct pl_hub *hub, struct pl_user_id user, struct pl_chat_id chat);
/* A block between the two of a chat has begun or ended. Any thread. */
void pl_hub_block_changed(struct pl_hub *hub, struct pl_chat_id chat);
/* Who may know whether the user is there may have changed, and of whom the user may. Any thread. */
void pl_hub_audience_changed(struct pl_hub *hub, struct pl_user_id user);
/* Every session is told to go away and come back, spread over 5 s; so is each that comes later. Any thread. */
void pl_hub_drain(struct pl_hub *hub);

#endif
