/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * How an entry reaches the sessions of its chat's record. Whole, while the chat's live sessions times its entries per
 * second are at most fanout_push_rate and the sessions at most fanout_push_max. Above that a group is hot: its sessions
 * leave the list, are told the end of the log (at once, then gathered for 200 ms) and read on when their device
 * fetches, as those do that are behind. When it has calmed down they all read on, and join again.
 *
 * A burst of one second's worth is pushed before a group is hot, and a hot one is calm when half of that has gathered
 * again, so that it does not go back and forth.
 */
#ifndef PL_DELIVERY_FAN_OUT_H
#define PL_DELIVERY_FAN_OUT_H

#include "delivery/chat_record.h"

void pl_fan_out_init(struct chat_record *record);
void pl_fan_out_fini(struct chat_record *record);
/* The next entry of the log goes to the sessions. */
void pl_fan_out(struct chat_record *record, struct pl_entry *entry);
/* The log of a hot chat goes to here by way of something else than an entry. */
void pl_fan_out_advance(struct chat_record *record);
/* The session has read up to the end, but the chat is hot: false when it is not. */
bool pl_fan_out_is_hot(const struct chat_record *record);
void pl_fan_out_follow(struct pl_subscription *subscription);
/* No hints for this session any more; it may be one that gets none. */
void pl_fan_out_leave(struct pl_subscription *subscription);
/* Answers PL_OP_PAGE. */
void pl_fan_out_page(struct pl_subscription *subscription);

#endif
