/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Looking a key up before the handler and after a failure, and storing it with the effect. */
#include "idempotency.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/limits.h"
#include "rpc/fields.h"
#include "rpc/rpc.h"

bool pl_idempotency_key_valid(const char *key)
{
    size_t chars = strnlen(key, PL_IDEMPOTENCY_KEY_CHARS_MAX + 1);
    for (size_t i = 0; i < chars; i++)
        if (!isgraph((unsigned char)key[i]))
            return false;
    return chars >= 1 && chars <= PL_IDEMPOTENCY_KEY_CHARS_MAX;
}

void pl_idempotency_refuse_key(struct pl_call *call)
{
    pl_call_fail(call, PL_INVALID_ARGUMENT, "idempotency-key must be 1 to %d visible characters",
                 PL_IDEMPOTENCY_KEY_CHARS_MAX);
}

/* Of the method and the request as it was understood: unknown fields and any order on the wire do not count. */
static void hash_request(struct pl_effect *effect)
{
    struct pl_call *call = effect->call;
    const char *path = pl_call_method(call)->path;
    size_t bytes = 0;
    pl_field_sort_maps(effect->request);
    const uint8_t *packed = pl_field_pack(effect->request, pl_call_arena(call), &bytes);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    pl_assert(digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1);
    pl_assert(EVP_DigestUpdate(digest, path, strlen(path) + 1) == 1 && EVP_DigestUpdate(digest, packed, bytes) == 1);
    pl_assert(EVP_DigestFinal_ex(digest, effect->request_hash, NULL) == 1);
    EVP_MD_CTX_free(digest);
}

/* Whose key it is: the operator's has neither app nor user. */
static void put_owner(struct pl_params *params, const struct pl_effect *effect)
{
    const struct pl_principal *principal = pl_call_principal(effect->call);
    pl_params_uuid(params, &principal->app_id.uuid);
    pl_params_uuid(params, &principal->user_id.uuid);
    pl_params_text(params, effect->key);
}

static void look_up(struct pl_effect *effect, void (*done)(struct pl_query *query, void *context))
{
    struct pl_query *query = pl_server_query(effect->call, done, effect);
    put_owner(pl_query_add(query, PL_STATEMENT_IDEMPOTENCY_KEY_GET), effect);
    pl_server_submit(effect->call, query);
}

static void answer_stored(struct pl_effect *effect, const struct pl_rows *rows)
{
    size_t hash_bytes = 0, reply_bytes = 0;
    const void *hash = pl_rows_bytes(rows, 0, 0, &hash_bytes);
    const void *reply = pl_rows_bytes(rows, 0, 1, &reply_bytes);
    if (hash_bytes != sizeof(effect->request_hash) || memcmp(hash, effect->request_hash, hash_bytes) != 0)
        pl_call_fail(effect->call, PL_IDEMPOTENCY_KEY_REUSED, NULL);
    else if (pl_rows_null(rows, 0, 1))
        pl_call_fail(effect->call, PL_SECRET_ALREADY_ISSUED, NULL);
    else
        pl_call_reply_packed(effect->call, reply, reply_bytes);
}

/* ---- before the handler ---- */

static void on_key(struct pl_query *query, void *context)
{
    struct pl_effect *effect = context;
    if (query->status != PL_OK)
        pl_call_fail(effect->call, query->status, NULL);
    else if (pl_rows_count(&query->steps[0].rows) > 0)
        answer_stored(effect, &query->steps[0].rows);
    else
        pl_call_handle(effect->call, effect->request);
}

void pl_idempotency_handle(struct pl_call *call, const ProtobufCMessage *request)
{
    const char *key = pl_call_metadata(call, "idempotency-key");
    if (key == NULL) {
        pl_call_handle(call, request);
        return;
    }
    if (!pl_idempotency_key_valid(key)) {
        pl_idempotency_refuse_key(call);
        return;
    }
    struct pl_effect *effect = pl_effect_of(call);
    effect->key = key;
    effect->request = (ProtobufCMessage *)request; /* in the call's arena; the order of a map means nothing */
    hash_request(effect);
    look_up(effect, on_key);
}

/* ---- with the effect ---- */

void pl_idempotency_put(struct pl_effect *effect, struct pl_query *query)
{
    bool has_secret = pl_call_has_secret(effect->call);
    put_owner(pl_query_add(query, PL_STATEMENT_IDEMPOTENCY_KEY_EXPIRE), effect);
    pl_query_add(query, PL_STATEMENT_IDEMPOTENCY_KEYS_PURGE);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_IDEMPOTENCY_KEY_INSERT);
    put_owner(params, effect);
    pl_params_bytes(params, effect->request_hash, sizeof(effect->request_hash));
    pl_params_bytes(params, has_secret ? NULL : effect->reply, effect->reply_bytes);
}

/* ---- after a failure ---- */

static void on_key_again(struct pl_query *query, void *context)
{
    struct pl_effect *effect = context;
    if (query->status == PL_OK && pl_rows_count(&query->steps[0].rows) > 0)
        answer_stored(effect, &query->steps[0].rows);
    else
        pl_call_fail(effect->call, effect->failure, NULL);
}

/* In vain; on the row of another call with this key. */
static bool waited_for_key(const struct pl_query *query)
{
    enum pl_statement statement = query->steps[query->failed_step].statement;
    return query->lock_timeout &&
           (statement == PL_STATEMENT_IDEMPOTENCY_KEY_EXPIRE || statement == PL_STATEMENT_IDEMPOTENCY_KEY_INSERT);
}

void pl_idempotency_settle(struct pl_effect *effect, const struct pl_query *query)
{
    effect->failure = pl_server_status(query);
    if (effect->key == NULL) {
        pl_call_fail(effect->call, effect->failure, NULL);
        return;
    }
    if (waited_for_key(query) || strcmp(query->constraint, "idempotency_keys_pkey") == 0)
        effect->failure = PL_IDEMPOTENCY_KEY_IN_USE;
    look_up(effect, on_key_again);
}
