/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The table has the names that tokens have, the API has numbers. */
#include "apps/signing_key.h"

#include "rpc/fields.h"

static const Parley__V1__SigningAlgorithm protos[] = {
    [PL_JWT_HS256] = PARLEY__V1__SIGNING_ALGORITHM__SIGNING_ALGORITHM_HS256,
    [PL_JWT_ES256] = PARLEY__V1__SIGNING_ALGORITHM__SIGNING_ALGORITHM_ES256,
    [PL_JWT_RS256] = PARLEY__V1__SIGNING_ALGORITHM__SIGNING_ALGORITHM_RS256,
    [PL_JWT_EDDSA] = PARLEY__V1__SIGNING_ALGORITHM__SIGNING_ALGORITHM_EDDSA,
};

enum pl_status pl_signing_key_algorithm(Parley__V1__SigningAlgorithm proto, enum pl_jwt_algorithm *ret_algorithm)
{
    for (unsigned i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
        if (protos[i] != proto)
            continue;
        *ret_algorithm = (enum pl_jwt_algorithm)i;
        return PL_OK;
    }
    return PL_INVALID_ARGUMENT;
}

Parley__V1__SigningKey *pl_signing_key_from_row(const struct pl_rows *rows, int row, const struct pl_app_id *app_id,
                                                struct pl_arena *arena)
{
    Parley__V1__SigningKey *key = pl_arena_new(arena, Parley__V1__SigningKey);
    struct pl_uuid key_id = pl_rows_uuid(rows, row, 0);
    const char *name = pl_rows_text(rows, row, 1);
    enum pl_jwt_algorithm algorithm;
    parley__v1__signing_key__init(key);
    key->key_id = pl_field_uuid(&key_id, arena);
    key->app_id = pl_field_uuid(&app_id->uuid, arena);
    key->name = pl_arena_printf(arena, "%s", name);
    if (pl_jwt_algorithm_parse(pl_rows_text(rows, row, 2), &algorithm) == PL_OK)
        key->algorithm = protos[algorithm];
    key->registered = pl_rows_bool(rows, row, 3);
    key->created_at = pl_field_time(pl_rows_time(rows, row, 4), arena);
    if (!pl_rows_null(rows, row, 5))
        key->revoked_at = pl_field_time(pl_rows_time(rows, row, 5), arena);
    return key;
}
