/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How far a message has come: computed from the others' watermarks, never stored (design: one cursor per device). */
#ifndef PL_MESSAGES_STATUS_H
#define PL_MESSAGES_STATUS_H

#include "db/rows.h"
#include "parley/v1/message_service.pb-c.h"

/*
 * Fills in status and counts from the rows of CHAT_WATERMARKS of the message's chat. N is the others who were members
 * when it was sent; delivered from half of N on (rounded up), read when all of N have read it.
 */
void pl_message_put_status(Parley__V1__Message *message, const struct pl_rows *watermarks);

/* The rule by itself. */
Parley__V1__MessageStatus pl_message_status(int32_t recipients, int32_t delivered, int32_t read);

#endif
