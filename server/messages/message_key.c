/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Ids made of idempotency keys. */
#include "messages/message_key.h"

#include <openssl/evp.h>
#include <string.h>

#include "idempotency.h"

bool pl_message_key_take(struct pl_call *call, const char **ret_key)
{
    const char *key = pl_call_metadata(call, "idempotency-key");
    if (key != NULL && !pl_idempotency_key_valid(key)) {
        pl_idempotency_refuse_key(call);
        return false;
    }
    *ret_key = key;
    return true;
}

/* With `more` behind the key. */
static struct pl_message_id digest_id(const char *key, const struct pl_principal *principal, const void *more,
                                      size_t bytes)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    pl_assert(sha != NULL && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1);
    pl_assert(EVP_DigestUpdate(sha, &principal->app_id, sizeof(principal->app_id)) == 1);
    pl_assert(EVP_DigestUpdate(sha, &principal->user_id, sizeof(principal->user_id)) == 1);
    pl_assert(EVP_DigestUpdate(sha, key, strlen(key)) == 1 && EVP_DigestUpdate(sha, more, bytes) == 1);
    pl_assert(EVP_DigestFinal_ex(sha, digest, NULL) == 1);
    EVP_MD_CTX_free(sha);
    return (struct pl_message_id){pl_uuid_v8(digest)};
}

struct pl_message_id pl_message_key_id(const char *key, const struct pl_principal *principal)
{
    struct pl_message_id id;
    if (pl_uuid_parse(key, &id.uuid) == PL_OK && !pl_uuid_is_nil(&id.uuid))
        return id;
    return digest_id(key, principal, "", 0);
}

struct pl_message_id pl_message_key_id_in_batch(const char *key, const struct pl_principal *principal, uint32_t index)
{
    const uint8_t more[5] = {0, (uint8_t)(index >> 24), (uint8_t)(index >> 16), (uint8_t)(index >> 8), (uint8_t)index};
    return digest_id(key, principal, more, sizeof(more));
}
