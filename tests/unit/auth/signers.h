/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One signer for each algorithm, with fresh keys, and what a forger can do with them. */
#ifndef PL_TESTS_SIGNERS_H
#define PL_TESTS_SIGNERS_H

#include <openssl/evp.h>

#include "auth/jwt.h"

#define SIGNERS 4

struct signer {
    enum pl_jwt_algorithm algorithm;
    const char *name;       /* as alg has it */
    EVP_PKEY *pair;         /* NULL: HS256 */
    struct pl_jwt_key *key; /* what the server has of it: kid KID, app APP */
};

extern struct signer signers[SIGNERS]; /* by algorithm */

/* RSA keys take a while to make: once for all tests of a program. */
int signers_set_up(void **state);
int signers_tear_down(void **state);

/* JWS' form of the signature. */
size_t signer_sign(const struct signer *signer, const char *text, uint8_t ret_signature[PL_JWT_SIGNATURE_BYTES_MAX]);
/* header and claims encoded and signed. */
const char *signer_make(const struct signer *signer, const char *header, const char *claims, struct pl_arena *memory);
/* header, dot, claims. */
const char *signer_text(const char *header, const char *claims, struct pl_arena *memory);
/* Adds a dot and any signature. */
const char *signer_attach(const char *text, const void *signature, size_t bytes, struct pl_arena *memory);
/* {"alg":name,"typ":"JWT","kid":KID} */
const char *signer_header(const char *name, struct pl_arena *memory);

#endif
