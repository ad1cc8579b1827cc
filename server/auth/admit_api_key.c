/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * x-api-key: the operator key, or the key of an app, whose backend may name the user it acts for in
 * parley-user. Keys are compared by their hashes alone.
 */
#include <openssl/crypto.h>
#include <string.h>

#include "auth/admission.h"
#include "auth/quota.h"

static void find_app(struct pl_admission *admission);
static void on_app_key(struct pl_query *query, void *context);
static void find_acting_user(struct pl_admission *admission);
static void on_user(struct pl_query *query, void *context);

static void admit_operator(struct pl_admission *admission)
{
    if (admission->acting_user != NULL) {
        pl_admission_refuse(admission, PL_ACTING_USER_REFUSED, "parley-user is only for API keys of an app");
        return;
    }
    pl_call_principal(admission->call)->kind = PL_PRINCIPAL_OPERATOR;
    pl_admission_pass(admission);
}

void pl_admit_api_key(struct pl_admission *admission, const char *secret)
{
    const struct pl_auth *auth = admission->auth;

    pl_api_key_hash(secret, admission->hash);
    if (auth->has_operator && CRYPTO_memcmp(admission->hash, auth->operator_hash, sizeof(admission->hash)) == 0)
        admit_operator(admission);
    else
        find_app(admission);
}

/* ---- the app of the key ---- */

static struct pl_uuid cache_key(const struct pl_admission *admission)
{
    struct pl_uuid key;

    memcpy(key.bytes, admission->hash, sizeof(key.bytes));
    return key;
}

static const uint8_t *hash_rest(const struct pl_admission *admission)
{
    return admission->hash + sizeof(struct pl_uuid);
}

static void admit_app(struct pl_admission *admission, const struct pl_known_api_key *known)
{
    struct pl_principal *principal = pl_call_principal(admission->call);

    principal->kind = PL_PRINCIPAL_APP;
    principal->app_id = known->app_id;
    principal->quota = known->quota;
    if (admission->acting_user == NULL)
        pl_admission_pass(admission);
    else
        find_acting_user(admission);
}

static void find_app(struct pl_admission *admission)
{
    struct pl_uuid key = cache_key(admission);
    struct pl_known_api_key known;
    struct pl_query *query;

    if (pl_cache_get(admission->auth->api_keys, &key, &known, &admission->version) &&
        CRYPTO_memcmp(known.hash_rest, hash_rest(admission), sizeof(known.hash_rest)) == 0) {
        admit_app(admission, &known);
        return;
    }
    query = pl_admission_query(admission, on_app_key);
    pl_params_bytes(pl_query_add(query, PL_STATEMENT_AUTH_API_KEY), admission->hash, sizeof(admission->hash));
    pl_db_query(admission->auth->db, query);
}

static void on_app_key(struct pl_query *query, void *context)
{
    struct pl_admission *admission = context;
    struct pl_uuid key = cache_key(admission);
    struct pl_known_api_key known;

    if (!pl_admission_found(admission, query, PL_API_KEY_INVALID))
        return;
    memcpy(known.hash_rest, hash_rest(admission), sizeof(known.hash_rest));
    known.app_id.uuid = pl_rows_uuid(&query->steps[0].rows, 0, 0);
    known.quota = pl_quotas_app(admission->auth->quotas, &known.app_id, &query->steps[0].rows, 0, 1);
    pl_cache_put(admission->auth->api_keys, &key, admission->version, &known);
    admit_app(admission, &known);
}

/* ---- the user that the app acts for ---- */

static void admit_user(struct pl_admission *admission, struct pl_user_id user_id, struct pl_app_id app_id)
{
    struct pl_principal *principal = pl_call_principal(admission->call);

    if (!pl_uuid_equal(&app_id.uuid, &principal->app_id.uuid)) {
        pl_admission_refuse(admission, PL_USER_NOT_FOUND, NULL);
        return;
    }
    principal->user_id = user_id;
    pl_admission_pass(admission);
}

static void find_acting_user(struct pl_admission *admission)
{
    struct pl_user_id user_id;
    struct pl_app_id app_id;
    struct pl_query *query;

    /* The nil UUID stands for "no user" further on. */
    if (pl_uuid_parse(admission->acting_user, &user_id.uuid) != PL_OK || pl_uuid_is_nil(&user_id.uuid)) {
        pl_admission_refuse(admission, PL_INVALID_ID, "parley-user must be a UUID of 36 characters");
        return;
    }
    if (pl_cache_get(admission->auth->users, &user_id.uuid, &app_id, &admission->version)) {
        admit_user(admission, user_id, app_id);
        return;
    }
    query = pl_admission_query(admission, on_user);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_AUTH_USER), &user_id.uuid);
    pl_db_query(admission->auth->db, query);
}

/* Whether a user of another app is deactivated is nobody's business here. */
static void on_user(struct pl_query *query, void *context)
{
    struct pl_admission *admission = context;
    const struct pl_rows *rows = &query->steps[0].rows;
    struct pl_user_id user_id;
    struct pl_app_id app_id;

    if (!pl_admission_found(admission, query, PL_USER_NOT_FOUND))
        return;
    user_id.uuid = pl_rows_uuid(rows, 0, 0);
    app_id.uuid = pl_rows_uuid(rows, 0, 1);
    if (pl_rows_bool(rows, 0, 2)) {
        bool is_ours = pl_uuid_equal(&app_id.uuid, &pl_call_principal(admission->call)->app_id.uuid);
        pl_admission_refuse(admission, is_ours ? PL_USER_DEACTIVATED : PL_USER_NOT_FOUND, NULL);
        return;
    }
    pl_cache_put(admission->auth->users, &user_id.uuid, admission->version, &app_id);
    admit_user(admission, user_id, app_id);
}
