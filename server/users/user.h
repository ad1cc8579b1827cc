/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A user between its row, parley.v1.User and who may see and change it. */
#ifndef PL_USERS_USER_H
#define PL_USERS_USER_H

#include "db/db.h"
#include "parley/v1/user_service.pb-c.h"
#include "rpc/call.h"

/*
 * The user that a request names: any of the app for its backend, its own for a device. False when the call has failed:
 * INVALID_ID, or PERMISSION_DENIED whether there is such a user or not.
 */
bool pl_user_parse(struct pl_call *call, const char *text, struct pl_user_id *ret_user_id);
/* The statement's first two parameters: the user and the caller's app. */
void pl_user_put_key(struct pl_params *params, struct pl_call *call, const struct pl_user_id *user);

bool pl_username_valid(const char *username);
/* Empty is none, and valid. */
bool pl_phone_number_valid(const char *phone_number);
/* The first field that is over its limit, as a sentence; NULL when there is none. Username apart. */
const char *pl_user_fault(const Parley__V1__User *user);
/* What is stored of its metadata. */
void pl_user_put_metadata(struct pl_params *params, const Parley__V1__User *user, struct pl_arena *arena);

/* What others learn of a new user. In the arena. */
Parley__V1__UserSettings *pl_user_settings_new(struct pl_arena *arena);
/*
 * A row of PL_USER_COLUMNS as the principal may see it: phone number and settings are for the user and the app's
 * backend. Borrows texts from rows.
 */
Parley__V1__User *pl_user_from_row(const struct pl_rows *rows, int row, const struct pl_principal *principal,
                                   struct pl_arena *arena);
/* done of a query, context its call: answers with the user of the last step, USER_NOT_FOUND, or the failure. */
void pl_user_answer(struct pl_query *query, void *context);

#endif
