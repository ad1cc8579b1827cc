/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How API keys are made and hashed. */
#include "auth/api_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "auth/base64url.h"

#define RANDOM_BYTES 32
#define PREFIX "pk_"

char *pl_api_key_generate(struct pl_arena *arena)
{
    uint8_t random[RANDOM_BYTES];
    char *secret = pl_arena_alloc(arena, strlen(PREFIX) + PL_BASE64URL_CHARS(RANDOM_BYTES) + 1);
    int made = RAND_bytes(random, sizeof(random));

    /* A predictable key is worse than no server. */
    pl_assert(made == 1);
    memcpy(secret, PREFIX, strlen(PREFIX));
    pl_base64url_encode(random, sizeof(random), secret + strlen(PREFIX));
    OPENSSL_cleanse(random, sizeof(random));
    return secret;
}

void pl_api_key_hash(const char *secret, uint8_t ret_hash[PL_API_KEY_HASH_BYTES])
{
    int hashed = EVP_Digest(secret, strlen(secret), ret_hash, NULL, EVP_sha256(), NULL);

    pl_assert(hashed == 1);
}
