/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * One function for each algorithm; which of them runs is the key's to say. Keys are parsed when they
 * are made, for parsing costs OpenSSL 3 several times what a verification does.
 */
#include "auth/jwt_key.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "auth/hmac.h"
#include "auth/public_key.h"

#define P256_BYTES 32 /* of R, and of S */
/* Two INTEGERs of 33 bytes at most, in a SEQUENCE. */
#define ECDSA_DER_BYTES_MAX (2 + 2 * (2 + P256_BYTES + 1))

static const char *const names[] = {
    [PL_JWT_HS256] = "HS256", [PL_JWT_ES256] = "ES256", [PL_JWT_RS256] = "RS256", [PL_JWT_EDDSA] = "EdDSA"};

const char *pl_jwt_algorithm_name(enum pl_jwt_algorithm algorithm)
{
    pl_assert(algorithm < sizeof(names) / sizeof(names[0]));
    return names[algorithm];
}

enum pl_status pl_jwt_algorithm_parse(const char *name, enum pl_jwt_algorithm *ret_algorithm)
{
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        *ret_algorithm = (enum pl_jwt_algorithm)i;
        return PL_OK;
    }
    return PL_INVALID_ARGUMENT;
}

/* ---- life ---- */

static bool is_secret_length(size_t bytes)
{
    return bytes >= PL_JWT_SECRET_BYTES_MIN && bytes <= PL_JWT_SECRET_BYTES_MAX;
}

static enum pl_status take_material(struct pl_jwt_key *key, const void *material, size_t bytes)
{
    if (key->algorithm != PL_JWT_HS256)
        return pl_public_key_from_der(material, bytes, key->algorithm, &key->public_key, NULL);
    if (!is_secret_length(bytes))
        return PL_INVALID_ARGUMENT;
    key->secret_bytes = bytes;
    memcpy(key->secret, material, bytes);
    return PL_OK;
}

enum pl_status pl_jwt_key_new(struct pl_key_id kid, struct pl_app_id app_id, enum pl_jwt_algorithm algorithm,
                              const void *material, size_t bytes, struct pl_jwt_key **ret_key)
{
    struct pl_jwt_key *key = calloc(1, sizeof(*key));
    enum pl_status status;

    pl_assert(key != NULL);
    atomic_init(&key->holds, 1);
    key->kid = kid;
    key->app_id = app_id;
    key->algorithm = algorithm;
    status = take_material(key, material, bytes);
    if (status == PL_OK)
        *ret_key = key;
    else
        pl_jwt_key_release(key);
    return status;
}

struct pl_jwt_key *pl_jwt_key_hold(struct pl_jwt_key *key)
{
    atomic_fetch_add_explicit(&key->holds, 1, memory_order_relaxed);
    return key;
}

void pl_jwt_key_release(struct pl_jwt_key *key)
{
    if (key == NULL || atomic_fetch_sub_explicit(&key->holds, 1, memory_order_acq_rel) > 1)
        return;
    EVP_PKEY_free(key->public_key);
    OPENSSL_cleanse(key, sizeof(*key));
    free(key);
}

/* ---- proof ---- */

static bool proves_hs256(const struct pl_jwt_key *key, const void *text, size_t chars, const uint8_t *signature,
                         size_t bytes)
{
    uint8_t expected[PL_HMAC_BYTES];

    if (bytes != sizeof(expected) || !is_secret_length(key->secret_bytes))
        return false;
    pl_hmac_sha256(key->secret, key->secret_bytes, text, chars, expected);
    return pl_hmac_equal(signature, expected, sizeof(expected));
}

/* digest NULL: the algorithm has its own. What OpenSSL says of a failure is of no use, and would pile up. */
static bool verify(const struct pl_jwt_key *key, const EVP_MD *digest, const void *text, size_t chars,
                   const uint8_t *signature, size_t bytes)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool proved;

    pl_assert(context != NULL);
    proved = key->public_key != NULL && EVP_DigestVerifyInit(context, NULL, digest, NULL, key->public_key) == 1 &&
             EVP_DigestVerify(context, signature, bytes, text, chars) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return proved;
}

/* JWS has R and S as 32 bytes each (RFC 7518 section 3.4), OpenSSL wants DER. 0: they are no signature. */
static size_t ecdsa_to_der(const uint8_t raw[2 * P256_BYTES], uint8_t ret_der[ECDSA_DER_BYTES_MAX])
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, P256_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(raw + P256_BYTES, P256_BYTES, NULL);
    int bytes;

    pl_assert(signature != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s) == 1);
    bytes = i2d_ECDSA_SIG(signature, NULL);
    pl_assert(bytes <= ECDSA_DER_BYTES_MAX);
    if (bytes > 0)
        bytes = i2d_ECDSA_SIG(signature, &ret_der);
    ECDSA_SIG_free(signature);
    return bytes > 0 ? (size_t)bytes : 0;
}

static bool proves_es256(const struct pl_jwt_key *key, const void *text, size_t chars, const uint8_t *signature,
                         size_t bytes)
{
    uint8_t der[ECDSA_DER_BYTES_MAX];
    size_t der_bytes;

    if (bytes != 2 * P256_BYTES)
        return false;
    der_bytes = ecdsa_to_der(signature, der);
    return der_bytes > 0 && verify(key, EVP_sha256(), text, chars, der, der_bytes);
}

bool pl_jwt_key_proves(const struct pl_jwt_key *key, const void *text, size_t chars, const uint8_t *signature,
                       size_t bytes)
{
    switch (key->algorithm) {
    case PL_JWT_HS256:
        return proves_hs256(key, text, chars, signature, bytes);
    case PL_JWT_ES256:
        return proves_es256(key, text, chars, signature, bytes);
    case PL_JWT_RS256: /* OpenSSL refuses a length other than the modulus' */
        return verify(key, EVP_sha256(), text, chars, signature, bytes);
    case PL_JWT_EDDSA:
        return verify(key, NULL, text, chars, signature, bytes);
    }
    return false;
}
