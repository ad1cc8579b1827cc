/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Which part of a chat's log a caller lists: bounds by place, by message and by time, all of them exclusive but since,
 * and all of them become places before the log is read. On the loop of the call.
 */
#ifndef PL_MESSAGES_MESSAGE_RANGE_H
#define PL_MESSAGES_MESSAGE_RANGE_H

#include "db/db.h"
#include "parley/v1/message_service.pb-c.h"
#include "rpc/call.h"

struct pl_message_range {
    struct pl_chat_id chat_id;
    int64_t after_seq;                      /* 0: from the beginning */
    int64_t before_seq;                     /* INT64_MAX: to the end */
    struct pl_message_id after_message_id;  /* nil: none */
    struct pl_message_id before_message_id; /* nil: none */
    bool has_since;
    bool has_until;
    int64_t since_us; /* microseconds since 1970, rounded up */
    int64_t until_us;
};

/*
 * Checks a request's chat and bounds. False: the call has failed with INVALID_ID or INVALID_ARGUMENT, and the field in
 * its details.
 */
bool pl_message_range_take(struct pl_call *call, const Parley__V1__ListMessagesRequest *request,
                           struct pl_message_range *ret_range) PL_MUST_CHECK;
/* The same for the same chat and bounds only, so that a page token is of no use with others. */
struct pl_uuid pl_message_range_subject(const struct pl_message_range *range);

/* Whether there are bounds that the database has to turn into places. */
bool pl_message_range_is_open(const struct pl_message_range *range);
/* Adds the step that finds these places, for a member user. */
void pl_message_range_ask(const struct pl_message_range *range, const struct pl_user_id *user, struct pl_query *query);
/*
 * Narrows after_seq and before_seq to what that step found. False: the call has failed with MESSAGE_NOT_FOUND or
 * INVALID_ARGUMENT, and the field in its details.
 */
bool pl_message_range_narrow(struct pl_call *call, struct pl_message_range *range,
                             const struct pl_rows *rows) PL_MUST_CHECK;

#endif
