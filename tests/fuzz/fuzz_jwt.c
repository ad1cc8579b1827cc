/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Two uses of an input. When it has no line feed it is a token as it came, tried with a key of each
 * algorithm. Otherwise the line is a header and the rest are claims, which are signed with the right
 * key: so that what lies behind the signature is reached. Promises: a token that is taken holds what
 * the key and the clock allow, no other key takes it, and minting its claims makes a token that gives
 * them back.
 */
#include <string.h>

#include "auth/base64url.h"
#include "auth/hmac.h"
#include "auth/jwt.h"
#include "auth/public_key.h"
#include "base/limits.h"
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

/* Of RFC 7515 appendix A.3 and A.2, and RFC 8037 appendix A.2. */
static const char *const public_keys[] = {
    [PL_JWT_ES256] = "-----BEGIN PUBLIC KEY-----\n"
                     "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
                     "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
                     "-----END PUBLIC KEY-----\n",
    [PL_JWT_RS256] = "-----BEGIN PUBLIC KEY-----\n"
                     "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"
                     "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"
                     "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"
                     "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"
                     "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"
                     "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"
                     "oQIDAQAB\n"
                     "-----END PUBLIC KEY-----\n",
    [PL_JWT_EDDSA] = "-----BEGIN PUBLIC KEY-----\n"
                     "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                     "-----END PUBLIC KEY-----\n",
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
    pl_assert(claims->expires_at_s - claims->issued_at_s <= PL_TOKEN_LIFE_S_MAX + PL_JWT_LEEWAY_S);
    pl_assert(claims->issued_at_s >= 0 && claims->issued_at_s <= NOW_S + PL_JWT_LEEWAY_S);
    pl_assert(pl_jwt_verify(pl_jwt_mint(&key, claims, arena), &key, NOW_S, &back) == PL_OK);
    pl_assert(memcmp(&back, claims, sizeof(back)) == 0);
}

/* Parsed once. */
static const struct pl_jwt_key *public_key(enum pl_jwt_algorithm algorithm, struct pl_arena *arena)
{
    static struct pl_jwt_key *parsed[PL_JWT_EDDSA + 1];
    const char *sentence;
    const uint8_t *der;
    size_t bytes;

    if (parsed[algorithm] != NULL)
        return parsed[algorithm];
    pl_assert(pl_public_key_pem_to_der(public_keys[algorithm], algorithm, arena, &der, &bytes, &sentence) == PL_OK);
    pl_assert(pl_jwt_key_new(key.kid, key.app_id, algorithm, der, bytes, &parsed[algorithm]) == PL_OK);
    return parsed[algorithm];
}

static bool verify_with_public(const char *token, enum pl_jwt_algorithm algorithm, struct pl_arena *arena)
{
    struct pl_jwt_claims claims;

    if (pl_jwt_verify(token, public_key(algorithm, arena), NOW_S, &claims) != PL_OK)
        return false;
    check_claims(&claims, arena);
    return true;
}

static void verify(const char *token, struct pl_arena *arena)
{
    struct pl_key_id kid;
    struct pl_jwt_claims claims;
    unsigned taken = 0;

    for (enum pl_jwt_algorithm algorithm = PL_JWT_ES256; algorithm <= PL_JWT_EDDSA; algorithm++)
        taken += verify_with_public(token, algorithm, arena);
    pl_assert(taken <= 1);
    if (pl_jwt_verify(token, &key, NOW_S, &claims) != PL_OK) {
        (void)!pl_jwt_read_kid(token, &kid);
        return;
    }
    pl_assert(taken == 0 && strlen(token) <= PL_TOKEN_BYTES_MAX);
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
