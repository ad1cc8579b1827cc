/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Signs any header and claims with any key: the forger's workshop for tests of tokens. */
#ifndef PL_TESTS_TOKEN_MAKER_H
#define PL_TESTS_TOKEN_MAKER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* base64url of a text. */
const char *token_part(struct pl_arena *arena, const void *text, size_t bytes);
/* Adds a dot and the HS256 signature to what is to be signed. */
const char *token_sign(struct pl_arena *arena, const char *signed_text, const uint8_t *secret, size_t secret_bytes);
/* Encodes both texts and signs them. */
const char *token_make(struct pl_arena *arena, const char *header, const char *claims, const uint8_t *secret,
                       size_t secret_bytes);

#endif
