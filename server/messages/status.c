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

Parley__V1__MessageStatus pl_message_status(int32_t recipients, int32_t delivered, int32_t read)
{
    if (recipients > 0 && read == recipients)
        return PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_READ;
    if (recipients > 0 && delivered >= (recipients + 1) / 2)
        return PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_DELIVERED;
    return PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_SENT;
}

void pl_message_put_status(Parley__V1__Message *message, const struct pl_rows *watermarks)
{
    struct pl_uuid sender;
    pl_assert(pl_uuid_parse(message->sender_id, &sender) == PL_OK);
    for (int row = 0; row < pl_rows_count(watermarks); row++)
        count(message, &sender, watermarks, row);
    if (message->status != PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_EXPIRED)
        message->status = pl_message_status(message->recipient_count, message->delivered_count, message->read_count);
}
