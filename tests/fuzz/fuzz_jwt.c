/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Two uses of an input. When it has no line feed it is a token as it came. Otherwise the line is a
 * header and the rest are claims, which are signed with the right key: so that what lies behind the
 * signature is reached. Promises: a token that is taken holds what the key and the clock allow, and
 * minting its claims makes a token that gives them back.
 */
#include <string.h>

#include "auth/base64url.h"
#include "auth/hmac.h"
#include "auth/jwt.h"
#include "fuzz.h"

#define NOW_S 1700000000

/* 0198c0de-0000-7000-8000-00000000000a and -0000000000a0; seeds.py knows them too. */
static const struct pl_jwt_key key = {
    .kid = {{{0x01, 0x98, 0xc0, 0xde, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x0a}}},
    .app_id = {{{0x01, 0x98, 0xc0, 0xde, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xa0}}},
    .algorithm = PL_JWT_HS256,
    .secret_bytes = 32,
    .secret = "an hmac key of thirty-two bytes!",
};

static const char *encode(const void *data, size_t bytes, struct pl_arena *arena)
{
    char *text = pl_arena_alloc(arena, PL_BASE64URL_CHARS(bytes) + 1);

    pl_base64url_encode(data, bytes, text);
    return text;
}

static const char *sign(const char *header, size_t header_bytes, const char *claims, size_t claims_bytes,
                        struct pl_arena *arena)
{
    uint8_t mac[PL_HMAC_BYTES];
    const char *text =
        pl_arena_printf(arena, "%s.%s", encode(header, header_bytes, arena), encode(claims, claims_bytes, arena));

    pl_hmac_sha256(key.secret, key.secret_bytes, text, strlen(text), mac);
    return pl_arena_printf(arena, "%s.%s", text, encode(mac, sizeof(mac), arena));
}

static void check_claims(const struct pl_jwt_claims *claims, struct pl_arena *arena)
{
    struct pl_jwt_claims back;

    pl_assert(pl_uuid_equal(&claims->app_id.uuid, &key.app_id.uuid));
    pl_assert(!pl_uuid_is_nil(&claims->user_id.uuid) && !pl_uuid_is_nil(&claims->device_id.uuid));
    pl_assert(claims->expires_at_s > NOW_S - PL_JWT_LEEWAY_S);
    pl_assert(claims->expires_at_s - claims->issued_at_s <= PL_JWT_LIFE_S_MAX + PL_JWT_LEEWAY_S);
    pl_assert(claims->issued_at_s >= 0 && claims->issued_at_s <= NOW_S + PL_JWT_LEEWAY_S);
    pl_assert(pl_jwt_verify(pl_jwt_mint(&key, claims, arena), &key, NOW_S, &back) == PL_OK);
    pl_assert(memcmp(&back, claims, sizeof(back)) == 0);
}

static void verify(const char *token, struct pl_arena *arena)
{
    struct pl_key_id kid;
    struct pl_jwt_claims claims;

    if (pl_jwt_verify(token, &key, NOW_S, &claims) != PL_OK) {
        (void)!pl_jwt_read_kid(token, &kid);
        return;
    }
    pl_assert(strlen(token) <= PL_JWT_BYTES_MAX);
    pl_assert(pl_jwt_read_kid(token, &kid) == PL_OK && pl_uuid_equal(&kid.uuid, &key.kid.uuid));
    check_claims(&claims, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct pl_arena arena;
    const char *text, *line_feed;

    pl_arena_init(&arena, 1 << 20);
    text = pl_arena_copy(&arena, data, bytes);
    line_feed = memchr(text, '\n', bytes);
    if (line_feed == NULL)
        verify(text, &arena);
    else
        verify(sign(text, (size_t)(line_feed - text), line_feed + 1, bytes - (size_t)(line_feed - text) - 1, &arena),
               &arena);
    pl_arena_fini(&arena);
    return 0;
}
