/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Receipts in groups: a sender's devices are told how many of the others have each message and how many have read it,
 * for the sender's messages among the last 256 of the chat. The record of the chat knows every member's watermarks for
 * that: read from the database when the first one moves, then kept up to date by the moves themselves, and read again
 * when members come and go. Moves gather for 50 ms.
 *
 * What is counted is on disk, and members of the past stay counted, so the counts of a message never fall.
 */
#ifndef PL_DELIVERY_GROUP_RECEIPTS_H
#define PL_DELIVERY_GROUP_RECEIPTS_H

#include "delivery/chat_record.h"

/* A member's watermark moved. */
void pl_group_receipts_mark(struct chat_record *record, const struct pl_receipt *receipt);
/* An entry was fanned out. */
void pl_group_receipts_entry(struct chat_record *record, const struct pl_entry *entry);
/* A session joined: it is told what is known. */
void pl_group_receipts_join(struct pl_subscription *subscription);
/* A read is under way: the record must stay. */
bool pl_group_receipts_are_read(const struct chat_record *record);
void pl_group_receipts_free(struct chat_record *record);

#endif
