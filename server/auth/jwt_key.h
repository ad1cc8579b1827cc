/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A key that proves device tokens: a secret, or the public half of a pair whose private half only the
 * app has. It has exactly one algorithm, for ever. A key from pl_jwt_key_new never changes, so that
 * any number of threads may use it at once; it lives until the last hold is released.
 */
#ifndef PL_AUTH_JWT_KEY_H
#define PL_AUTH_JWT_KEY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/uuid.h"

#define PL_JWT_SECRET_BYTES_MIN 32
#define PL_JWT_SECRET_BYTES_MAX 64
/* Of an RSA key of 8,192 bits; the others' are shorter. */
#define PL_JWT_SIGNATURE_BYTES_MAX 1024

/* RFC 7518 section 3.1, RFC 8037 section 3.1 (Ed25519 alone). */
enum pl_jwt_algorithm { PL_JWT_HS256, PL_JWT_ES256, PL_JWT_RS256, PL_JWT_EDDSA };

struct evp_pkey_st;

struct pl_jwt_key {
    atomic_uint holds;
    struct pl_key_id kid;
    struct pl_app_id app_id;
    enum pl_jwt_algorithm algorithm;
    /* HS256. */
    size_t secret_bytes;
    uint8_t secret[PL_JWT_SECRET_BYTES_MAX];
    /* The others: parsed and checked, see auth/public_key.h; NULL with HS256. */
    struct evp_pkey_st *public_key;
};

/* As RFC 7518 writes it, and as signing_keys has it. */
const char *pl_jwt_algorithm_name(enum pl_jwt_algorithm algorithm);
/* PL_INVALID_ARGUMENT for every other name. */
enum pl_status pl_jwt_algorithm_parse(const char *name, enum pl_jwt_algorithm *ret_algorithm) PL_MUST_CHECK;

/*
 * With one hold. material is the secret of 32 to 64 bytes, or the DER of the SubjectPublicKeyInfo.
 * PL_INVALID_ARGUMENT when it is not a key for this algorithm.
 */
enum pl_status pl_jwt_key_new(struct pl_key_id kid, struct pl_app_id app_id, enum pl_jwt_algorithm algorithm,
                              const void *material, size_t bytes, struct pl_jwt_key **ret_key) PL_MUST_CHECK;
/* Any thread. */
struct pl_jwt_key *pl_jwt_key_hold(struct pl_jwt_key *key);
/* Any thread. NULL is nothing. The last one wipes the secret. */
void pl_jwt_key_release(struct pl_jwt_key *key);

/* Whether signature, as JWS has it, is this key's under the text. */
bool pl_jwt_key_proves(const struct pl_jwt_key *key, const void *text, size_t chars, const uint8_t *signature,
                       size_t bytes);

#endif
