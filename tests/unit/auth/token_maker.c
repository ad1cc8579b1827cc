/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Tokens without any check of what is in them. */
#include "unit/auth/token_maker.h"

#include <string.h>

#include "auth/base64url.h"
#include "auth/hmac.h"

const char *token_part(struct pl_arena *arena, const void *text, size_t bytes)
{
    char *part = pl_arena_alloc(arena, PL_BASE64URL_CHARS(bytes) + 1);

    pl_base64url_encode(text, bytes, part);
    return part;
}

const char *token_sign(struct pl_arena *arena, const char *signed_text, const uint8_t *secret, size_t secret_bytes)
{
    uint8_t mac[PL_HMAC_BYTES];

    pl_hmac_sha256(secret, secret_bytes, signed_text, strlen(signed_text), mac);
    return pl_arena_printf(arena, "%s.%s", signed_text, token_part(arena, mac, sizeof(mac)));
}

const char *token_make(struct pl_arena *arena, const char *header, const char *claims, const uint8_t *secret,
                       size_t secret_bytes)
{
    const char *signed_text = pl_arena_printf(arena, "%s.%s", token_part(arena, header, strlen(header)),
                                              token_part(arena, claims, strlen(claims)));

    return token_sign(arena, signed_text, secret, secret_bytes);
}
