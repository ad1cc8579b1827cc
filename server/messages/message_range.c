/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Bounds that exclude each other are a mistake of the caller; bounds that merely leave nothing are an empty list. */
#include "messages/message_range.h"

#include <openssl/evp.h>
#include <string.h>

#include "rpc/fields.h"

enum { COLUMN_AFTER, COLUMN_BEFORE, COLUMN_SINCE, COLUMN_UNTIL };

static bool refuse(struct pl_call *call, enum pl_status status, const char *field, const char *sentence)
{
    pl_call_detail(call, "field", field);
    pl_call_fail(call, status, "%s %s", field, sentence);
    return false;
}

static bool take_ids(struct pl_call *call, const Parley__V1__ListMessagesRequest *request,
                     struct pl_message_range *range)
{
    static const char no_uuid[] = "is not a UUID of 36 characters";
    if (pl_uuid_parse(request->chat_id, &range->chat_id.uuid) != PL_OK)
        return refuse(call, PL_INVALID_ID, "chat_id", no_uuid);
    if (pl_field_optional_uuid(request->after_message_id, &range->after_message_id.uuid) != PL_OK)
        return refuse(call, PL_INVALID_ID, "after_message_id", no_uuid);
    if (pl_field_optional_uuid(request->before_message_id, &range->before_message_id.uuid) != PL_OK)
        return refuse(call, PL_INVALID_ID, "before_message_id", no_uuid);
    return true;
}

static bool take_seqs(struct pl_call *call, const Parley__V1__ListMessagesRequest *request,
                      struct pl_message_range *range)
{
    if (request->after_seq < 0)
        return refuse(call, PL_INVALID_ARGUMENT, "after_seq", "must not be negative");
    if (request->before_seq < 0)
        return refuse(call, PL_INVALID_ARGUMENT, "before_seq", "must not be negative");
    range->after_seq = request->after_seq;
    range->before_seq = request->before_seq == 0 ? INT64_MAX : request->before_seq;
    if (range->after_seq >= range->before_seq)
        return refuse(call, PL_INVALID_ARGUMENT, "after_seq", "must be less than before_seq");
    return true;
}

static bool take_times(struct pl_call *call, const Parley__V1__ListMessagesRequest *request,
                       struct pl_message_range *range)
{
    static const char no_time[] = "is not a time of the years 1 to 9999";
    range->has_since = request->since != NULL;
    range->has_until = request->until != NULL;
    if (range->has_since && pl_field_time_us(request->since, &range->since_us) != PL_OK)
        return refuse(call, PL_INVALID_ARGUMENT, "since", no_time);
    if (range->has_until && pl_field_time_us(request->until, &range->until_us) != PL_OK)
        return refuse(call, PL_INVALID_ARGUMENT, "until", no_time);
    if (range->has_since && range->has_until && range->since_us >= range->until_us)
        return refuse(call, PL_INVALID_ARGUMENT, "since", "must be earlier than until");
    return true;
}

static bool check_kinds(struct pl_call *call, const Parley__V1__ListMessagesRequest *request,
                        const struct pl_message_range *range)
{
    bool has_after_id = !pl_uuid_is_nil(&range->after_message_id.uuid);
    bool has_before_id = !pl_uuid_is_nil(&range->before_message_id.uuid);
    if (has_after_id && request->after_seq != 0)
        return refuse(call, PL_INVALID_ARGUMENT, "after_message_id", "and after_seq exclude each other");
    if (has_before_id && request->before_seq != 0)
        return refuse(call, PL_INVALID_ARGUMENT, "before_message_id", "and before_seq exclude each other");
    if (has_after_id && pl_uuid_equal(&range->after_message_id.uuid, &range->before_message_id.uuid))
        return refuse(call, PL_INVALID_ARGUMENT, "after_message_id", "must be before before_message_id");
    return true;
}

bool pl_message_range_take(struct pl_call *call, const Parley__V1__ListMessagesRequest *request,
                           struct pl_message_range *ret_range)
{
    struct pl_message_range range = {0};
    if (!take_ids(call, request, &range) || !take_seqs(call, request, &range) || !take_times(call, request, &range) ||
        !check_kinds(call, request, &range))
        return false;
    *ret_range = range;
    return true;
}

struct pl_uuid pl_message_range_subject(const struct pl_message_range *range)
{
    const int64_t numbers[] = {range->after_seq, range->before_seq, range->has_since,
                               range->since_us,  range->has_until,  range->until_us};
    const struct pl_uuid ids[] = {range->chat_id.uuid, range->after_message_id.uuid, range->before_message_id.uuid};
    uint8_t input[sizeof(ids) + sizeof(numbers)];
    uint8_t digest[EVP_MAX_MD_SIZE];
    memcpy(input, ids, sizeof(ids));
    /* Byte by byte, for the token may come back to a node of another make. */
    for (size_t i = 0; i < sizeof(numbers); i++)
        input[sizeof(ids) + i] = (uint8_t)((uint64_t)numbers[i / 8] >> (8 * (i % 8)));
    pl_assert(EVP_Digest(input, sizeof(input), digest, NULL, EVP_sha256(), NULL) == 1);
    return pl_uuid_v8(digest);
}

bool pl_message_range_is_open(const struct pl_message_range *range)
{
    return range->has_since || range->has_until || !pl_uuid_is_nil(&range->after_message_id.uuid) ||
           !pl_uuid_is_nil(&range->before_message_id.uuid);
}

static void put_time(struct pl_params *params, bool has, int64_t unix_us)
{
    if (has)
        pl_params_time(params, unix_us);
    else
        pl_params_null(params);
}

void pl_message_range_ask(const struct pl_message_range *range, const struct pl_user_id *user, struct pl_query *query)
{
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_MESSAGES_BOUNDS);
    pl_params_uuid(params, &range->chat_id.uuid);
    pl_params_uuid(params, &user->uuid);
    pl_params_uuid(params, &range->after_message_id.uuid);
    pl_params_uuid(params, &range->before_message_id.uuid);
    put_time(params, range->has_since, range->since_us);
    put_time(params, range->has_until, range->until_us);
}

/* The caller's own bounds, by place or by message, in an order that leaves nothing. */
static bool check_order(struct pl_call *call, const struct pl_message_range *range)
{
    if (range->after_seq < range->before_seq)
        return true;
    if (!pl_uuid_is_nil(&range->after_message_id.uuid))
        return refuse(call, PL_INVALID_ARGUMENT, "after_message_id", "must be before the other bound");
    return refuse(call, PL_INVALID_ARGUMENT, "before_message_id", "must be after the other bound");
}

bool pl_message_range_narrow(struct pl_call *call, struct pl_message_range *range, const struct pl_rows *rows)
{
    if (!pl_uuid_is_nil(&range->after_message_id.uuid)) {
        if (pl_rows_null(rows, 0, COLUMN_AFTER))
            return refuse(call, PL_MESSAGE_NOT_FOUND, "after_message_id", "is no message of this chat");
        range->after_seq = pl_rows_int(rows, 0, COLUMN_AFTER);
    }
    if (!pl_uuid_is_nil(&range->before_message_id.uuid)) {
        if (pl_rows_null(rows, 0, COLUMN_BEFORE))
            return refuse(call, PL_MESSAGE_NOT_FOUND, "before_message_id", "is no message of this chat");
        range->before_seq = pl_rows_int(rows, 0, COLUMN_BEFORE);
    }
    if (!check_order(call, range))
        return false;
    if (range->has_since && pl_rows_int(rows, 0, COLUMN_SINCE) - 1 > range->after_seq)
        range->after_seq = pl_rows_int(rows, 0, COLUMN_SINCE) - 1;
    if (range->has_until && pl_rows_int(rows, 0, COLUMN_UNTIL) < range->before_seq)
        range->before_seq = pl_rows_int(rows, 0, COLUMN_UNTIL);
    return true;
}
