/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * API keys: "pk_" and 43 characters of base64url, 256 random bits; what is stored is their SHA-256.
 * (A slow hash would add nothing to 256 random bits, and is paid for by every call.)
 */
#ifndef PL_AUTH_API_KEY_H
#define PL_AUTH_API_KEY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

#define PL_API_KEY_HASH_BYTES 32

/* A new secret in the arena. */
char *pl_api_key_generate(struct pl_arena *arena);
/* Of any text: the caller need not check its form. */
void pl_api_key_hash(const char *secret, uint8_t ret_hash[PL_API_KEY_HASH_BYTES]);

#endif
