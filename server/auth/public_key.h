/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Public keys that apps register, as SubjectPublicKeyInfo (RFC 5280 section 4.1), and what a key must be to be trusted
 * with tokens:
 *
 *   ES256  NIST P-256 by its name (parameters that are spelled out are refused), a point on the curve
 *   RS256  rsaEncryption, 2,048 to 8,192 bits, an odd public exponent from 65,537 on, below 2^64
 *   EdDSA  Ed25519, the point in the main subgroup: under a key of small order anybody can sign
 *
 * Whoever registers a key may do harm to the own app only, but should not do it by accident.
 */
#ifndef PL_AUTH_PUBLIC_KEY_H
#define PL_AUTH_PUBLIC_KEY_H

#include "auth/jwt_key.h"
#include "base/arena.h"

/*
 * Exactly one key and nothing behind it. PL_INVALID_ARGUMENT, with a sentence for the caller in *ret_sentence (static;
 * NULL: not asked for). To be freed with EVP_PKEY_free.
 */
enum pl_status pl_public_key_from_der(const void *der, size_t bytes, enum pl_jwt_algorithm algorithm,
                                      struct evp_pkey_st **ret_key, const char **ret_sentence) PL_MUST_CHECK;
/*
 * From PEM ("-----BEGIN PUBLIC KEY-----", RFC 7468 section 13), checked as above; the DER is in the arena, encoded by
 * us. A private key is refused by name. PL_INVALID_ARGUMENT with a sentence.
 */
enum pl_status pl_public_key_pem_to_der(const char *pem, enum pl_jwt_algorithm algorithm, struct pl_arena *arena,
                                        const uint8_t **ret_der, size_t *ret_bytes,
                                        const char **ret_sentence) PL_MUST_CHECK;

#endif
