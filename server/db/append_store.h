/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The second half of the append transaction, for append.c: what happens while the chats' rows are locked.
 *
 *   append_number.c    which entries are new, and their numbers
 *   append_store.c     inserting them
 */
#ifndef PL_DB_APPEND_STORE_H
#define PL_DB_APPEND_STORE_H

#include "db/append.h"

/* Whether the slot's message answers another. */
bool pl_append_is_reply(const struct pl_slot *slot);
/* Gives every slot its verdict, new entries their numbers. duplicates are the rows of APPEND_DUPLICATES. */
void pl_append_number(struct pl_batch *batch, const struct pl_rows *duplicates);
/* Inserts what is new and commits; as pl_append_batch. */
enum pl_failure pl_append_store(struct pl_batch *batch) PL_MUST_CHECK;

#endif
