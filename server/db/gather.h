/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Choosing the next batch from what waits. */
#ifndef PL_DB_GATHER_H
#define PL_DB_GATHER_H

#include "base/arena.h"
#include "db/append.h"

/*
 * Moves appends from waiting to slots, in order: at most PL_BATCH_ITEMS_MAX, 64 of one chat, 4 MiB of bodies (a single
 * append may have more), of one shard, and never the same message_id of a chat twice. Once an append of a chat stays
 * behind, all later ones of that chat do.
 */
unsigned pl_gather(struct pl_task_list *waiting, struct pl_slot *slots, struct pl_arena *arena);

#endif
