/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* PEM to DER to a parsed key, with a sentence for everything that can be wrong with it. */
#include "auth/public_key.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <string.h>

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define RSA_EXPONENT_BITS_MIN 17
#define RSA_EXPONENT_BITS_MAX 64
#define CURVE_NAME_BYTES 64

/* ---- what each algorithm asks of its key: NULL, or what is wrong ---- */

/* On the curve it is when it was decoded; infinity is refused here, too. */
static const char *check_point(EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool is_valid = context != NULL && EVP_PKEY_public_check(context) == 1;

    EVP_PKEY_CTX_free(context);
    return is_valid ? NULL : "the public key is not a point of the curve P-256";
}

static const char *check_ec(EVP_PKEY *key)
{
    char curve[CURVE_NAME_BYTES];
    int is_explicit = 1;

    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC)
        return "ES256 needs an elliptic curve key";
    if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof(curve), NULL) != 1 ||
        strcmp(curve, SN_X9_62_prime256v1) != 0 ||
        EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) != 1 || is_explicit)
        return "ES256 needs a key on the named curve P-256 (prime256v1)";
    return check_point(key);
}

static const char *check_rsa_exponent(EVP_PKEY *key)
{
    BIGNUM *exponent = NULL;
    bool is_sane;

    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1)
        return "RS256 needs an RSA key";
    is_sane = BN_is_odd(exponent) && BN_num_bits(exponent) >= RSA_EXPONENT_BITS_MIN &&
              BN_num_bits(exponent) <= RSA_EXPONENT_BITS_MAX;
    BN_free(exponent);
    return is_sane ? NULL : "the public exponent of an RSA key must be odd and from 65537 to 2^64";
}

/* The factors of the modulus are not looked for: that takes 5 to 440 ms, and only its owner can lose by it. */
static const char *check_rsa(EVP_PKEY *key)
{
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
        return "RS256 needs an RSA key (rsaEncryption)";
    if (EVP_PKEY_get_bits(key) < RSA_BITS_MIN || EVP_PKEY_get_bits(key) > RSA_BITS_MAX)
        return "an RSA key must have 2048 to 8192 bits";
    return check_rsa_exponent(key);
}

static const char *check_ed25519(EVP_PKEY *key)
{
    uint8_t point[crypto_core_ed25519_BYTES];
    size_t bytes = sizeof(point);

    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519)
        return "EdDSA needs an Ed25519 key";
    if (EVP_PKEY_get_raw_public_key(key, point, &bytes) != 1 || bytes != sizeof(point) ||
        crypto_core_ed25519_is_valid_point(point) != 1)
        return "the Ed25519 key is not a point that signatures can be trusted with";
    return NULL;
}

static const char *check_key(EVP_PKEY *key, enum pl_jwt_algorithm algorithm)
{
    switch (algorithm) {
    case PL_JWT_ES256:
        return check_ec(key);
    case PL_JWT_RS256:
        return check_rsa(key);
    case PL_JWT_EDDSA:
        return check_ed25519(key);
    default:
        return "HS256 has a secret, and no public key";
    }
}

/* ---- the encodings ---- */

static const char *load_der(const void *der, size_t bytes, enum pl_jwt_algorithm algorithm, EVP_PKEY **ret_key)
{
    const unsigned char *at = der;
    EVP_PKEY *key = bytes <= LONG_MAX ? d2i_PUBKEY(NULL, &at, (long)bytes) : NULL;
    const char *sentence = "public_key does not hold a public key (SubjectPublicKeyInfo)";

    if (key != NULL && at == (const unsigned char *)der + bytes)
        sentence = check_key(key, algorithm);
    if (sentence == NULL)
        *ret_key = key;
    else
        EVP_PKEY_free(key);
    ERR_clear_error();
    return sentence;
}

enum pl_status pl_public_key_from_der(const void *der, size_t bytes, enum pl_jwt_algorithm algorithm,
                                      struct evp_pkey_st **ret_key, const char **ret_sentence)
{
    const char *sentence = load_der(der, bytes, algorithm, ret_key);

    if (sentence == NULL)
        return PL_OK;
    if (ret_sentence != NULL)
        *ret_sentence = sentence;
    return PL_INVALID_ARGUMENT;
}

/* Only white space may follow: what else there is was meant for somebody. */
static bool is_at_end(BIO *text)
{
    char byte;

    while (BIO_read(text, &byte, 1) == 1)
        if (strchr(" \t\r\n", byte) == NULL)
            return false;
    return true;
}

static const char *check_block(BIO *text, const char *name, const char *header)
{
    if (strcmp(name, PEM_STRING_PUBLIC) != 0)
        return "public_key must be PEM that begins with -----BEGIN PUBLIC KEY-----";
    if (header[0] != '\0' || !is_at_end(text))
        return "public_key must hold one public key and nothing else";
    return NULL;
}

static const char *load_pem(const char *pem, enum pl_jwt_algorithm algorithm, EVP_PKEY **ret_key)
{
    BIO *text = BIO_new_mem_buf(pem, -1);
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long bytes = 0;
    const char *sentence = "public_key must be PEM that begins with -----BEGIN PUBLIC KEY-----";

    pl_assert(text != NULL);
    if (PEM_read_bio(text, &name, &header, &der, &bytes) == 1)
        sentence = check_block(text, name, header);
    if (sentence == NULL)
        sentence = load_der(der, (size_t)bytes, algorithm, ret_key);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(text);
    ERR_clear_error();
    return sentence;
}

enum pl_status pl_public_key_pem_to_der(const char *pem, enum pl_jwt_algorithm algorithm, struct pl_arena *arena,
                                        const uint8_t **ret_der, size_t *ret_bytes, const char **ret_sentence)
{
    EVP_PKEY *key = NULL;
    unsigned char *der = NULL;
    int bytes;

    *ret_sentence = strstr(pem, "PRIVATE KEY") != NULL
                        ? "this is a private key: register its public half, and replace the pair, for it has been sent"
                        : load_pem(pem, algorithm, &key);
    if (*ret_sentence != NULL)
        return PL_INVALID_ARGUMENT;
    bytes = i2d_PUBKEY(key, &der);
    pl_assert(bytes > 0);
    *ret_der = (const uint8_t *)pl_arena_copy(arena, der, (size_t)bytes);
    *ret_bytes = (size_t)bytes;
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    return PL_OK;
}
