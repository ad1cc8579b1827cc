/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A device between its row and parley.v1.Device. */
#ifndef PL_USERS_DEVICE_H
#define PL_USERS_DEVICE_H

#include "db/db.h"
#include "parley/v1/user_service.pb-c.h"
#include "rpc/call.h"

/* The device that a request names by its user's id and its own; see pl_user_parse. */
struct pl_device_key {
    struct pl_user_id user_id;
    struct pl_device_id device_id;
};
bool pl_device_parse(struct pl_call *call, const char *user_id, const char *device_id, struct pl_device_key *ret_key);
/* The statement's first three parameters: user, the caller's app, device. */
void pl_device_put_key(struct pl_params *params, struct pl_call *call, const struct pl_device_key *key);
/* A row of PL_DEVICE_COLUMNS; borrows texts from rows. */
Parley__V1__Device *pl_device_from_row(const struct pl_rows *rows, int row, struct pl_arena *arena);
/* done of a query of one step, context its call: answers with its device, DEVICE_NOT_FOUND, or the failure. */
void pl_device_answer(struct pl_query *query, void *context);

#endif
