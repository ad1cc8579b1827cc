/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The part of a change (see db.h) in the append transaction, for append*.c. Batches with a change. */
#ifndef PL_DB_CHANGE_H
#define PL_DB_CHANGE_H

#include "db/append.h"

/* Behind the reads of every append; also asks the time, which members alone do not always tell. */
bool pl_change_send_reads(const struct pl_batch *batch) PL_MUST_CHECK;
enum pl_failure pl_change_take_reads(struct pl_batch *batch) PL_MUST_CHECK;
/* What it answers; from the state of a change that never ran. */
enum pl_status pl_change_decide(struct pl_change *change, struct pl_append *append) PL_MUST_CHECK;
bool pl_change_send_writes(const struct pl_batch *batch) PL_MUST_CHECK;
/* Forgets the rows of reads. */
void pl_change_clear(struct pl_change *change);

#endif
