/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Signing keys between their rows and the API. */
#ifndef PL_APPS_SIGNING_KEY_H
#define PL_APPS_SIGNING_KEY_H

#include "auth/jwt_key.h"
#include "base/arena.h"
#include "db/rows.h"
#include "parley/v1/admin_service.pb-c.h"

#define PL_SIGNING_SECRET_BYTES 32 /* of Parley's own keys */

/* A row of key_id, name, algorithm, registered, created_at, revoked_at. In the arena. */
Parley__V1__SigningKey *pl_signing_key_from_row(const struct pl_rows *rows, int row, const struct pl_app_id *app_id,
                                                struct pl_arena *arena);
/* PL_INVALID_ARGUMENT for what is not in the list. */
enum pl_status pl_signing_key_algorithm(Parley__V1__SigningAlgorithm proto,
                                        enum pl_jwt_algorithm *ret_algorithm) PL_MUST_CHECK;

#endif
