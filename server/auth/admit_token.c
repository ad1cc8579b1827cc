/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * authorization: Bearer: a device token. Its kid names the signing key, the key proves the claims,
 * and the device that they name must be there, in that app, and not revoked.
 */
#include <string.h>

#include "auth/admission.h"
#include "base/clock.h"

static void on_signing_key(struct pl_query *query, void *context);
static void verify(struct pl_admission *admission, const struct pl_jwt_key *key);
static void find_device(struct pl_admission *admission);
static void on_device(struct pl_query *query, void *context);

void pl_admit_token(struct pl_admission *admission, const char *token)
{
    struct pl_jwt_key key;
    struct pl_query *query;

    admission->token = token;
    if (pl_jwt_read_kid(token, &admission->kid) != PL_OK) {
        pl_admission_refuse(admission, PL_TOKEN_INVALID, NULL);
        return;
    }
    if (pl_cache_get(admission->auth->signing_keys, &admission->kid.uuid, &key, &admission->version)) {
        verify(admission, &key);
        return;
    }
    query = pl_admission_query(admission, on_signing_key);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_AUTH_SIGNING_KEY), &admission->kid.uuid);
    pl_db_query(admission->auth->db, query);
}

/* ---- the key ---- */

/* False when the row is not a key that this server can use. */
static bool read_key(const struct pl_rows *rows, struct pl_key_id kid, struct pl_jwt_key *ret_key)
{
    size_t bytes = 0;
    const void *secret = pl_rows_bytes(rows, 0, 2, &bytes);

    memset(ret_key, 0, sizeof(*ret_key));
    if (strcmp(pl_rows_text(rows, 0, 1), "HS256") != 0 || secret == NULL || bytes > sizeof(ret_key->secret))
        return false;
    ret_key->kid = kid;
    ret_key->app_id.uuid = pl_rows_uuid(rows, 0, 0);
    ret_key->algorithm = PL_JWT_HS256;
    ret_key->secret_bytes = bytes;
    memcpy(ret_key->secret, secret, bytes);
    return true;
}

static void on_signing_key(struct pl_query *query, void *context)
{
    struct pl_admission *admission = context;
    struct pl_jwt_key key;

    if (!pl_admission_found(admission, query, PL_TOKEN_INVALID))
        return;
    if (!read_key(&query->steps[0].rows, admission->kid, &key)) {
        pl_admission_refuse(admission, PL_INTERNAL, NULL);
        return;
    }
    pl_cache_put(admission->auth->signing_keys, &key.kid.uuid, admission->version, &key);
    verify(admission, &key);
}

static void verify(struct pl_admission *admission, const struct pl_jwt_key *key)
{
    enum pl_status status = pl_jwt_verify(admission->token, key, pl_clock_wall_us() / 1000000, &admission->claims);

    if (status == PL_OK)
        find_device(admission);
    else
        pl_admission_refuse(admission, status, NULL);
}

/* ---- the device ---- */

static void admit_device(struct pl_admission *admission, const struct pl_known_device *known)
{
    const struct pl_jwt_claims *claims = &admission->claims;

    if (!pl_uuid_equal(&known->user_id.uuid, &claims->user_id.uuid) ||
        !pl_uuid_equal(&known->app_id.uuid, &claims->app_id.uuid)) {
        pl_admission_refuse(admission, PL_DEVICE_REVOKED, NULL);
        return;
    }
    *pl_call_principal(admission->call) = (struct pl_principal){
        .kind = PL_PRINCIPAL_DEVICE,
        .app_id = claims->app_id,
        .user_id = claims->user_id,
        .device_id = claims->device_id,
        .expires_at_us = claims->expires_at_s * 1000000,
    };
    pl_admission_pass(admission);
}

static void find_device(struct pl_admission *admission)
{
    const struct pl_jwt_claims *claims = &admission->claims;
    struct pl_known_device known;
    struct pl_query *query;
    struct pl_params *params;

    if (pl_cache_get(admission->auth->devices, &claims->device_id.uuid, &known, &admission->version)) {
        admit_device(admission, &known);
        return;
    }
    query = pl_admission_query(admission, on_device);
    params = pl_query_add(query, PL_STATEMENT_AUTH_DEVICE);
    pl_params_uuid(params, &claims->user_id.uuid);
    pl_params_uuid(params, &claims->device_id.uuid);
    pl_db_query(admission->auth->db, query);
}

static void on_device(struct pl_query *query, void *context)
{
    struct pl_admission *admission = context;
    struct pl_known_device known = {.user_id = admission->claims.user_id};

    if (!pl_admission_found(admission, query, PL_DEVICE_REVOKED))
        return;
    known.app_id.uuid = pl_rows_uuid(&query->steps[0].rows, 0, 0);
    pl_cache_put(admission->auth->devices, &admission->claims.device_id.uuid, admission->version, &known);
    admit_device(admission, &known);
}
