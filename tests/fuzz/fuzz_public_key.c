/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The first byte chooses the algorithm, the rest is a key, tried as DER and as PEM. Promises: a refusal
 * has a sentence, and what is taken from PEM becomes DER that is taken by the same algorithm and no other.
 */
#include <openssl/evp.h>
#include <string.h>

#include "auth/public_key.h"
#include "fuzz.h"

static bool take_der(const void *der, size_t bytes, enum pl_jwt_algorithm algorithm)
{
    EVP_PKEY *key = NULL;
    const char *sentence = NULL;
    enum pl_status status = pl_public_key_from_der(der, bytes, algorithm, &key, &sentence);

    pl_assert((status == PL_OK) == (key != NULL) && (status == PL_OK) == (sentence == NULL));
    EVP_PKEY_free(key);
    return status == PL_OK;
}

static void take_pem(const char *pem, enum pl_jwt_algorithm algorithm, struct pl_arena *arena)
{
    const char *sentence = NULL;
    const uint8_t *der;
    size_t bytes;
    unsigned taken = 0;

    if (pl_public_key_pem_to_der(pem, algorithm, arena, &der, &bytes, &sentence) != PL_OK) {
        pl_assert(sentence != NULL && sentence[0] != '\0');
        return;
    }
    pl_assert(strstr(pem, "PRIVATE KEY") == NULL);
    for (enum pl_jwt_algorithm each = PL_JWT_HS256; each <= PL_JWT_EDDSA; each++)
        taken += take_der(der, bytes, each);
    pl_assert(taken == 1 && take_der(der, bytes, algorithm));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct pl_arena arena;
    enum pl_jwt_algorithm algorithm;

    if (bytes == 0 || bytes > 8192)
        return 0;
    algorithm = data[0] % (PL_JWT_EDDSA + 1);
    pl_arena_init(&arena, 1 << 20);
    take_der(data + 1, bytes - 1, algorithm);
    take_pem(pl_arena_copy(&arena, data + 1, bytes - 1), algorithm, &arena);
    pl_arena_fini(&arena);
    return 0;
}
