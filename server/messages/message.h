/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A message between its three forms: the request that sends it, the row that holds it, and parley.v1.Message. Used by
 * the unary methods and by streams alike. Any thread.
 */
#ifndef PL_MESSAGES_MESSAGE_H
#define PL_MESSAGES_MESSAGE_H

#include "auth/principal.h"
#include "base/arena.h"
#include "db/db.h"
#include "parley/v1/message_service.pb-c.h"

#define PL_MESSAGE_COLUMN_COUNT 20

/*
 * Checks a request and fills in append (app_id, message), with everything copied or packed into the arena.
 * PL_INVALID_ARGUMENT, PL_INVALID_ID, PL_INVALID_CONTENT; *ret_sentence then says what is wrong (static).
 */
enum pl_status pl_message_from_request(const Parley__V1__SendMessageRequest *request,
                                       const struct pl_principal *principal, struct pl_arena *arena,
                                       struct pl_append *append, const char **ret_sentence) PL_MUST_CHECK;

/* The body of a request alone. As above. */
enum pl_status pl_message_take_body(const Parley__V1__SendMessageRequest *request, struct pl_arena *arena,
                                    struct pl_message *message, const char **ret_sentence) PL_MUST_CHECK;

/*
 * A row of a MESSAGE_* statement, whose columns are PL_MESSAGE_COLUMNS of server/db/statements.def. Borrows from
 * rows.
 */
struct pl_message pl_message_from_row(const struct pl_rows *rows, int row);

/*
 * Its time is over, by this machine's clock, or it was emptied because it is: nobody is told its body, metadata and
 * media_id any more.
 */
bool pl_message_is_expired(const struct pl_message *message);

/* All fields but body, metadata, status (unless it is expired) and counts. In the arena. */
Parley__V1__Message *pl_message_head_to_proto(const struct pl_message *message, struct pl_arena *arena);
/* All fields but status (unless it is expired) and counts; of a body in parts only device's own (nil device: an empty
 * list). In the arena. */
Parley__V1__Message *pl_message_to_proto(const struct pl_message *message, const struct pl_device_id *device,
                                         struct pl_arena *arena);
/* Packed parley.v1.DeviceParts with at most one part, out of packed DeviceParts. In the arena. */
uint8_t *pl_message_own_part(const void *parts, size_t bytes, const struct pl_device_id *device, struct pl_arena *arena,
                             size_t *ret_bytes);

#endif
