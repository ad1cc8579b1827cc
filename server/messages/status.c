/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Status is arithmetic over watermarks, so one message costs nothing to keep up to date. */
#include "messages/status.h"

enum { COLUMN_USER, COLUMN_JOINED, COLUMN_LEFT, COLUMN_DELIVERED, COLUMN_READ };

static void count(Parley__V1__Message *message, const struct pl_uuid *sender, const struct pl_rows *watermarks, int row)
{
    struct pl_uuid user = pl_rows_uuid(watermarks, row, COLUMN_USER);
    int64_t seq = message->seq;
    bool was_member =
        pl_rows_int(watermarks, row, COLUMN_JOINED) <= seq && seq <= pl_rows_int(watermarks, row, COLUMN_LEFT);
    if (!was_member || pl_uuid_equal(&user, sender))
        return;
    message->recipient_count++;
    message->delivered_count += pl_rows_int(watermarks, row, COLUMN_DELIVERED) >= seq;
    message->read_count += pl_rows_int(watermarks, row, COLUMN_READ) >= seq;
}

void pl_message_put_status(Parley__V1__Message *message, const struct pl_rows *watermarks)
{
    struct pl_uuid sender;
    pl_assert(pl_uuid_parse(message->sender_id, &sender) == PL_OK);
    for (int row = 0; row < pl_rows_count(watermarks); row++)
        count(message, &sender, watermarks, row);
    int32_t others = message->recipient_count;
    if (others > 0 && message->read_count == others)
        message->status = PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_READ;
    else if (others > 0 && message->delivered_count >= (others + 1) / 2)
        message->status = PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_DELIVERED;
    else
        message->status = PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_SENT;
}
