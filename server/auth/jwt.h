/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Device tokens: JSON Web Tokens (RFC 7519) signed as JWS compact serialization (RFC 7515). The
 * algorithm belongs to the key, never to the token; a token that names another is refused before
 * anything is verified.
 */
#ifndef PL_AUTH_JWT_H
#define PL_AUTH_JWT_H

#include <stddef.h>
#include <stdint.h>

#include "auth/jwt_key.h"
#include "base/arena.h"
#include "base/status.h"
#include "base/uuid.h"

#define PL_JWT_LEEWAY_S 60
#define PL_JWT_AUDIENCE "parley"

/* Claims, by name: app, sub (user), device, aud, iat, nbf, exp; times in seconds since 1970. */
struct pl_jwt_claims {
    struct pl_app_id app_id;
    struct pl_user_id user_id;
    struct pl_device_id device_id;
    int64_t issued_at_s;
    int64_t not_before_s; /* 0: not set */
    int64_t expires_at_s;
};

/* Reads kid from the header, so that the key can be found. Nothing is proved yet. PL_TOKEN_INVALID.
 */
enum pl_status pl_jwt_read_kid(const char *token, struct pl_key_id *ret_kid) PL_MUST_CHECK;
/*
 * Proves the token with the key and checks alg, typ, crit (refused), aud, app (the key's), nbf,
 * iat, exp (60 s leeway; life at most 24 h). PL_TOKEN_INVALID, PL_TOKEN_EXPIRED.
 */
enum pl_status pl_jwt_verify(const char *token, const struct pl_jwt_key *key, int64_t now_s,
                             struct pl_jwt_claims *ret_claims) PL_MUST_CHECK;
/* A signed token in the arena, of an HS256 key. aud and the algorithm come from here and the key. */
char *pl_jwt_mint(const struct pl_jwt_key *key, const struct pl_jwt_claims *claims, struct pl_arena *arena);

#endif
