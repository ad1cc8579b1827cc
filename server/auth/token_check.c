/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Two look-ups, each answered by a cache or by one query: the signing key, then the device. A key in
 * the cache is parsed already; who takes it from there holds it while the token is verified.
 */
#include "auth/token_check.h"

#include <string.h>

#include "auth/admission.h"
#include "auth/quota.h"
#include "base/clock.h"

#define US_PER_S 1000000

static void on_signing_key(struct pl_query *query, void *context);
static void verify(struct pl_token_check *check, const struct pl_jwt_key *key);
static void find_device(struct pl_token_check *check);
static void on_device(struct pl_query *query, void *context);

static void end(struct pl_token_check *check, enum pl_status status)
{
    check->status = status;
    check->done(check);
}

static struct pl_query *query_new(struct pl_token_check *check, void (*done)(struct pl_query *query, void *context))
{
    struct pl_query *query = pl_query_new(check->arena, check->home, done, check);

    query->deadline_us = check->deadline_us;
    return query;
}

/* True when the query found a row; otherwise the check has ended, with missing when there was none. */
static bool found(struct pl_token_check *check, const struct pl_query *query, enum pl_status missing)
{
    if (query->status == PL_OK && pl_rows_count(&query->steps[0].rows) > 0)
        return true;
    end(check, query->status != PL_OK ? query->status : missing);
    return false;
}

/* ---- the key ---- */

void pl_token_check_begin(struct pl_auth *auth, struct pl_token_check *check)
{
    struct pl_jwt_key *key;
    struct pl_query *query;

    check->auth = auth;
    if (pl_jwt_read_kid(check->token, &check->kid) != PL_OK) {
        end(check, PL_TOKEN_INVALID);
        return;
    }
    if (pl_cache_get(auth->signing_keys, &check->kid.uuid, &key, &check->version)) {
        verify(check, key);
        pl_jwt_key_release(key);
        return;
    }
    query = query_new(check, on_signing_key);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_AUTH_SIGNING_KEY), &check->kid.uuid);
    pl_db_query(auth->db, query);
}

/* NULL when the row is not a key that this server can use. */
static struct pl_jwt_key *read_key(const struct pl_rows *rows, struct pl_key_id kid)
{
    enum pl_jwt_algorithm algorithm;
    struct pl_app_id app_id = {pl_rows_uuid(rows, 0, 0)};
    size_t bytes = 0;
    const void *material = pl_rows_bytes(rows, 0, 2, &bytes);
    struct pl_jwt_key *key;

    if (material == NULL || pl_jwt_algorithm_parse(pl_rows_text(rows, 0, 1), &algorithm) != PL_OK ||
        pl_jwt_key_new(kid, app_id, algorithm, material, bytes, &key) != PL_OK)
        return NULL;
    return key;
}

static void on_signing_key(struct pl_query *query, void *context)
{
    struct pl_token_check *check = context;
    struct pl_jwt_key *key;

    if (!found(check, query, PL_TOKEN_INVALID))
        return;
    key = read_key(&query->steps[0].rows, check->kid);
    if (key == NULL) {
        end(check, PL_INTERNAL);
        return;
    }
    pl_cache_put(check->auth->signing_keys, &key->kid.uuid, check->version, &key);
    verify(check, key);
    pl_jwt_key_release(key);
}

static void verify(struct pl_token_check *check, const struct pl_jwt_key *key)
{
    enum pl_status status = pl_jwt_verify(check->token, key, pl_clock_wall_us() / US_PER_S, &check->claims);

    if (status == PL_OK)
        find_device(check);
    else
        end(check, status);
}

/* ---- the device ---- */

static bool is_claimed(const struct pl_token_check *check, const struct pl_known_device *known)
{
    return pl_uuid_equal(&known->user_id.uuid, &check->claims.user_id.uuid) &&
           pl_uuid_equal(&known->app_id.uuid, &check->claims.app_id.uuid);
}

static void take_device(struct pl_token_check *check, const struct pl_known_device *known)
{
    const struct pl_jwt_claims *claims = &check->claims;

    if (!is_claimed(check, known)) {
        end(check, PL_DEVICE_REVOKED);
        return;
    }
    check->principal = (struct pl_principal){
        .kind = PL_PRINCIPAL_DEVICE,
        .app_id = claims->app_id,
        .user_id = claims->user_id,
        .device_id = claims->device_id,
        .quota = known->quota,
        .key_id = check->kid,
        .issued_at_us = claims->issued_at_s * US_PER_S,
        .expires_at_us = claims->expires_at_s * US_PER_S,
    };
    end(check, PL_OK);
}

static void find_device(struct pl_token_check *check)
{
    const struct pl_jwt_claims *claims = &check->claims;
    struct pl_known_device known;
    struct pl_query *query;
    struct pl_params *params;

    if (pl_cache_get(check->auth->devices, &claims->device_id.uuid, &known, &check->version)) {
        take_device(check, &known);
        return;
    }
    query = query_new(check, on_device);
    params = pl_query_add(query, PL_STATEMENT_AUTH_DEVICE);
    pl_params_uuid(params, &claims->user_id.uuid);
    pl_params_uuid(params, &claims->device_id.uuid);
    pl_db_query(check->auth->db, query);
}

static void on_device(struct pl_query *query, void *context)
{
    struct pl_token_check *check = context;
    struct pl_known_device known = {.user_id = check->claims.user_id};

    if (!found(check, query, PL_DEVICE_REVOKED))
        return;
    known.app_id.uuid = pl_rows_uuid(&query->steps[0].rows, 0, 0);
    if (pl_rows_bool(&query->steps[0].rows, 0, 1)) {
        end(check, is_claimed(check, &known) ? PL_USER_DEACTIVATED : PL_DEVICE_REVOKED);
        return;
    }
    known.quota = pl_quotas_app(check->auth->quotas, &known.app_id, &query->steps[0].rows, 0, 2);
    pl_cache_put(check->auth->devices, &check->claims.device_id.uuid, check->version, &known);
    take_device(check, &known);
}
