/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Device tokens: what is accepted, and attacks on header, form, size and signature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "unit/auth/jwt_fixture.h"

/* ---- what is accepted ---- */

static struct pl_jwt_claims good_claims(void)
{
    struct pl_jwt_claims claims = {
        .app_id = key.app_id, .issued_at_s = NOW, .not_before_s = NOW, .expires_at_s = NOW + PL_TOKEN_LIFE_S_MAX};

    assert_int_equal(pl_uuid_parse(USER, &claims.user_id.uuid), PL_OK);
    assert_int_equal(pl_uuid_parse(DEVICE, &claims.device_id.uuid), PL_OK);
    return claims;
}

static void minted_token_gives_its_claims_back(void **state)
{
    struct pl_jwt_claims claims = good_claims(), back;
    const char *token = pl_jwt_mint(&key, &claims, &arena);

    (void)state;
    assert_int_equal(pl_jwt_verify(token, &key, NOW, &back), PL_OK);
    assert_memory_equal(&back, &claims, sizeof(claims));
    claims.not_before_s = 0;
    assert_int_equal(pl_jwt_verify(pl_jwt_mint(&key, &claims, &arena), &key, NOW, &back), PL_OK);
    assert_memory_equal(&back, &claims, sizeof(claims));
}

static void kid_of_a_minted_token_is_the_key(void **state)
{
    struct pl_jwt_claims claims = good_claims();
    struct pl_key_id kid;

    (void)state;
    assert_int_equal(pl_jwt_read_kid(pl_jwt_mint(&key, &claims, &arena), &kid), PL_OK);
    assert_true(pl_uuid_equal(&kid.uuid, &key.kid.uuid));
}

static void tokens_of_other_makers_are_accepted(void **state)
{
    static const struct attempt claims[] = {
        {CLAIMS, PL_OK},
        {" {\n" AUD ",\t" WHO "," IAT "," EXP " } ", PL_OK},
        {"{\"aud\":[\"other\",\"parley\"]," WHO "," IAT "," EXP "}", PL_OK},
        {"{\"iss\":\"https://example.com\",\"jti\":7,\"more\":{\"a\":[1.5]}," AUD "," WHO "," IAT "," EXP "}", PL_OK},
        {"{\"\\u0061ud\":\"p\\u0061rley\"," WHO "," IAT "," EXP "}", PL_OK},
    };
    static const struct attempt headers[] = {
        {"{\"alg\":\"HS256\",\"kid\":\"" KID "\"}", PL_OK},
        {"{\"kid\":\"0198C0DE-0000-7000-8000-00000000000A\",\"alg\":\"HS256\",\"typ\":\"JWT\"}", PL_OK},
        {"{\"alg\":\"HS256\",\"kid\":\"" KID "\",\"x-unknown\":null}", PL_OK},
    };

    (void)state;
    assert_claims(claims, COUNT(claims));
    assert_headers(headers, COUNT(headers));
}

/* ---- the header ---- */

static void algorithm_is_the_keys_alone(void **state)
{
    static const char *const names[] = {
        "\"none\"",    "\"None\"",      "\"NONE\"",         "\"nOnE\"",       "\"\"",      "\"HS384\"",
        "\"HS512\"",   "\"RS256\"",     "\"ES256\"",        "\"EdDSA\"",      "\"hs256\"", "\"HS256 \"",
        "\" HS256\"",  "\"HS2560\"",    "\"HS25\"",         "null",           "256",       "true",
        "[\"HS256\"]", "{\"HS256\":1}", "\"HS256\\u200b\"", "\"\\u041dS256\""};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *header = pl_arena_printf(&arena, "{\"alg\":%s,\"typ\":\"JWT\",\"kid\":\"%s\"}", names[i], KID);

        assert_headers(&(struct attempt){header, PL_TOKEN_INVALID}, 1);
    }
}

static void bad_headers_are_refused(void **state)
{
    static const struct attempt headers[] = {
        {"{\"typ\":\"JWT\",\"kid\":\"" KID "\"}", PL_TOKEN_INVALID},
        {"{\"alg\":\"HS256\",\"alg\":\"HS256\",\"kid\":\"" KID "\"}", PL_TOKEN_INVALID},
        {"{\"alg\":\"none\",\"\\u0061lg\":\"HS256\",\"kid\":\"" KID "\"}", PL_TOKEN_INVALID},
        {"{\"Alg\":\"HS256\",\"kid\":\"" KID "\"}", PL_TOKEN_INVALID},
        {"{\"alg\":\"HS256\",\"typ\":\"jwt\",\"kid\":\"" KID "\"}", PL_TOKEN_INVALID},
        {"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"" KID "\"}", PL_TOKEN_INVALID},
        {"{\"alg\":\"HS256\",\"typ\":null,\"kid\":\"" KID "\"}", PL_TOKEN_INVALID},
        {"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":[\"exp\"],\"kid\":\"" KID "\"}", PL_TOKEN_INVALID},
        {"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":[],\"kid\":\"" KID "\"}", PL_TOKEN_INVALID},
        {"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":null,\"kid\":\"" KID "\"}", PL_TOKEN_INVALID},
        {"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":[\"b64\"],\"b64\":false,\"kid\":\"" KID "\"}", PL_TOKEN_INVALID},
        {"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"" OTHER "\"}", PL_TOKEN_INVALID},
        {"[\"HS256\",\"" KID "\"]", PL_TOKEN_INVALID},
        {"\"HS256\"", PL_TOKEN_INVALID},
        {"null", PL_TOKEN_INVALID},
        {"", PL_TOKEN_INVALID},
        {"{}", PL_TOKEN_INVALID},
        {HEADER "{}", PL_TOKEN_INVALID},
        {HEADER ",", PL_TOKEN_INVALID},
        {"\xef\xbb\xbf" HEADER, PL_TOKEN_INVALID},
        {"{\"alg\":\"HS256\",\"x\":\"\xff\",\"kid\":\"" KID "\"}", PL_TOKEN_INVALID},
        {"{\"alg\":\"HS256\\u0000\",\"kid\":\"" KID "\"}", PL_TOKEN_INVALID},
        {"{\"alg\":\"HS256\",\"kid\":\"" KID "\\u0000\"}", PL_TOKEN_INVALID},
    };

    (void)state;
    assert_headers(headers, COUNT(headers));
}

static void kid_is_a_uuid_and_nothing_else(void **state)
{
    static const char *const kids[] = {"\"../../../../dev/null\"",
                                       "\"/etc/passwd\"",
                                       "\"' or '1'='1\"",
                                       "\"" KID "'--\"",
                                       "\"" KID "/../" OTHER "\"",
                                       "\"" KID "\\u0000\"",
                                       "\" " KID "\"",
                                       "\"" KID " \"",
                                       "\"{" KID "}\"",
                                       "\"urn:uuid:" KID "\"",
                                       "\"0198c0de00007000800000000000000a\"",
                                       "\"0198c0de-0000-7000-8000-00000000000\"",
                                       "\"\xef\xbc\x90"
                                       "198c0de-0000-7000-8000-00000000000a\"",
                                       "\"" NIL "\"",
                                       "\"\"",
                                       "null",
                                       "0",
                                       "[\"" KID "\"]",
                                       "{\"kid\":\"" KID "\"}"};

    (void)state;
    for (size_t i = 0; i < COUNT(kids); i++) {
        const char *token = make(pl_arena_printf(&arena, "{\"alg\":\"HS256\",\"kid\":%s}", kids[i]), CLAIMS);
        struct pl_key_id kid = key.kid;

        assert_int_equal(pl_jwt_read_kid(token, &kid), PL_TOKEN_INVALID);
        assert_true(pl_uuid_equal(&kid.uuid, &key.kid.uuid));
        assert_int_equal(verify(token), PL_TOKEN_INVALID);
    }
    assert_headers(&(struct attempt){"{\"alg\":\"HS256\",\"typ\":\"JWT\"}", PL_TOKEN_INVALID}, 1);
}

/* ---- the form ---- */

static void parts_are_exactly_three_and_not_empty(void **state)
{
    const char *header = token_part(&arena, HEADER, strlen(HEADER));
    const char *claims = token_part(&arena, CLAIMS, strlen(CLAIMS));
    const char *good = make(HEADER, CLAIMS);
    struct pl_key_id kid;
    const char *refused[] = {
        "",
        ".",
        "..",
        "...",
        header,
        pl_arena_printf(&arena, "%s.", header),
        pl_arena_printf(&arena, "%s..", header),
        pl_arena_printf(&arena, "%s.%s", header, claims),
        pl_arena_printf(&arena, "%s.%s.", header, claims),
        pl_arena_printf(&arena, "%s.%s..", header, claims),
        pl_arena_printf(&arena, ".%s", good),
        pl_arena_printf(&arena, "%s.", good),
        pl_arena_printf(&arena, "%s.%s", good, header),
        token_sign(&arena, pl_arena_printf(&arena, ".%s", claims), key.secret, key.secret_bytes),
        token_sign(&arena, pl_arena_printf(&arena, "%s.", header), key.secret, key.secret_bytes),
        token_sign(&arena, ".", key.secret, key.secret_bytes),
        token_sign(&arena, header, key.secret, key.secret_bytes),
        /* JWS JSON serialization, and an encrypted token's five parts. */
        pl_arena_printf(&arena, "{\"payload\":\"%s\",\"protected\":\"%s\",\"signature\":\"\"}", claims, header),
        pl_arena_printf(&arena, "%s.%s.%s.%s.%s", header, claims, claims, claims, claims),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++)
        assert_int_equal(verify(refused[i]), PL_TOKEN_INVALID);
    assert_int_equal(pl_jwt_read_kid(good, &kid), PL_OK);
    assert_int_equal(pl_jwt_read_kid(pl_arena_printf(&arena, "%s.%s", good, header), &kid), PL_TOKEN_INVALID);
    assert_int_equal(pl_jwt_read_kid(header, &kid), PL_TOKEN_INVALID);
    assert_int_equal(pl_jwt_read_kid(pl_arena_printf(&arena, "%s.%s", header, claims), &kid), PL_TOKEN_INVALID);
}

static void truncated_token_is_refused_at_every_length(void **state)
{
    const char *good = make(HEADER, CLAIMS);

    (void)state;
    for (size_t chars = 0; chars < strlen(good); chars++)
        assert_int_equal(verify(pl_arena_copy(&arena, good, chars)), PL_TOKEN_INVALID);
    assert_int_equal(verify(good), PL_OK);
}

static void every_changed_character_is_refused(void **state)
{
    const char *good = make(HEADER, CLAIMS);
    char *token = pl_arena_copy(&arena, good, strlen(good));

    (void)state;
    for (size_t i = 0; i < strlen(good); i++) {
        static const char others[] = "AZaz09-_.=+/ \n\t\x01\x7f\x80\xff";

        for (size_t j = 0; j < strlen(others); j++) {
            token[i] = others[j];
            if (token[i] != good[i])
                assert_int_equal(verify(token), PL_TOKEN_INVALID);
        }
        token[i] = good[i];
    }
}

static void white_space_and_padding_are_refused(void **state)
{
    static const char *const around[][2] = {{" ", ""},  {"", " "},  {"\n", ""}, {"", "\n"}, {"", "="},
                                            {"", "=="}, {"\t", ""}, {"", "\r"}, {"", "A"},  {"Bearer ", ""}};
    const char *good = make(HEADER, CLAIMS);
    const char *padded_parts[] = {
        pl_arena_printf(&arena, "%s=.%s", token_part(&arena, HEADER, strlen(HEADER)),
                        token_part(&arena, CLAIMS, strlen(CLAIMS))),
        pl_arena_printf(&arena, "%s.%s=", token_part(&arena, HEADER, strlen(HEADER)),
                        token_part(&arena, CLAIMS, strlen(CLAIMS))),
        pl_arena_printf(&arena, "%s.%s\n", token_part(&arena, HEADER, strlen(HEADER)),
                        token_part(&arena, CLAIMS, strlen(CLAIMS))),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(around); i++)
        assert_int_equal(verify(pl_arena_printf(&arena, "%s%s%s", around[i][0], good, around[i][1])), PL_TOKEN_INVALID);
    for (size_t i = 0; i < COUNT(padded_parts); i++)
        assert_int_equal(verify(token_sign(&arena, padded_parts[i], key.secret, key.secret_bytes)), PL_TOKEN_INVALID);
}

/* The signature is 43 characters: two bits of the last are unused, and three more texts decode alike elsewhere. */
static void signature_has_one_spelling(void **state)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *good = make(HEADER, CLAIMS);
    char *token = pl_arena_copy(&arena, good, strlen(good));
    unsigned accepted = 0;

    (void)state;
    for (size_t i = 0; i < 64; i++) {
        token[strlen(good) - 1] = alphabet[i];
        accepted += verify(token) == PL_OK;
    }
    assert_int_equal(accepted, 1);
}

/* Trailing bits of a signed part: the signature is right, the spelling is not. */
static void signed_part_with_stray_bits_is_refused(void **state)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *header = token_part(&arena, HEADER, strlen(HEADER));
    char *claims = pl_arena_copy(&arena, token_part(&arena, CLAIMS, strlen(CLAIMS)),
                                 strlen(token_part(&arena, CLAIMS, strlen(CLAIMS))));
    char *last = claims + strlen(claims) - 1;

    (void)state;
    assert_int_not_equal(strlen(CLAIMS) % 3, 0);
    *last = alphabet[strchr(alphabet, *last) - alphabet + 1];
    assert_int_equal(
        verify(token_sign(&arena, pl_arena_printf(&arena, "%s.%s", header, claims), key.secret, key.secret_bytes)),
        PL_TOKEN_INVALID);
}

/* ---- size ---- */

/* A good token of exactly so many characters. */
static const char *token_of(size_t chars)
{
    static const char before[] = "{" AUD "," WHO "," IAT "," EXP ",\"x\":\"";
    const char *header = HEADER;
    size_t claim_chars = chars - strlen(make(header, ""));
    size_t claim_bytes;
    char *claims;

    /* No bytes have such a length in base64url: a longer header moves it. */
    if (claim_chars % 4 == 1) {
        header = HEADER " ";
        claim_chars = chars - strlen(make(header, ""));
    }
    claim_bytes = claim_chars * 3 / 4;
    claims = pl_arena_alloc(&arena, claim_bytes + 1);
    memset(claims, 'x', claim_bytes);
    memcpy(claims, before, strlen(before));
    memcpy(claims + claim_bytes - 2, "\"}", 2);
    return make(header, claims);
}

static void token_of_8_kib_is_the_largest(void **state)
{
    static const size_t too_large[] = {PL_TOKEN_BYTES_MAX + 1, PL_TOKEN_BYTES_MAX + 2, 9216, 20u << 20};
    struct pl_key_id kid;

    (void)state;
    for (size_t chars = PL_TOKEN_BYTES_MAX - 3; chars <= PL_TOKEN_BYTES_MAX; chars++) {
        assert_int_equal(strlen(token_of(chars)), chars);
        assert_int_equal(verify(token_of(chars)), PL_OK);
    }
    for (size_t i = 0; i < COUNT(too_large); i++) {
        const char *token = token_of(too_large[i]);

        assert_int_equal(strlen(token), too_large[i]);
        assert_int_equal(verify(token), PL_TOKEN_INVALID);
        assert_int_equal(pl_jwt_read_kid(token, &kid), PL_TOKEN_INVALID);
    }
}

static void deep_json_is_refused_without_harm(void **state)
{
    size_t depth = 5000;
    char *claims = pl_arena_alloc(&arena, depth + 1);

    (void)state;
    memset(claims, '[', depth);
    assert_int_equal(verify(make(HEADER, claims)), PL_TOKEN_INVALID);
    assert_int_equal(verify(make(claims, CLAIMS)), PL_TOKEN_INVALID);
}

/* ---- the signature ---- */

static void other_keys_are_refused(void **state)
{
    uint8_t other[64] = {0};

    (void)state;
    memcpy(other, key.secret, key.secret_bytes);
    other[31] ^= 1;
    assert_int_equal(verify(token_make(&arena, HEADER, CLAIMS, other, 32)), PL_TOKEN_INVALID);
    assert_int_equal(verify(token_make(&arena, HEADER, CLAIMS, key.secret, 31)), PL_TOKEN_INVALID);
    assert_int_equal(verify(token_make(&arena, HEADER, CLAIMS, (const uint8_t *)"", 0)), PL_TOKEN_INVALID);
    assert_int_equal(verify(token_make(&arena, HEADER, CLAIMS, (const uint8_t *)KID, 36)), PL_TOKEN_INVALID);
}

static void shorter_and_longer_signatures_are_refused(void **state)
{
    const char *good = make(HEADER, CLAIMS);
    const char *signed_text = pl_arena_copy(&arena, good, (size_t)(strrchr(good, '.') - good));
    uint8_t zeros[48] = {0};

    (void)state;
    for (size_t bytes = 0; bytes <= sizeof(zeros); bytes++)
        assert_int_equal(verify(pl_arena_printf(&arena, "%s.%s", signed_text, token_part(&arena, zeros, bytes))),
                         PL_TOKEN_INVALID);
}

static void key_that_is_too_short_proves_nothing(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 32; bytes++) {
        key.secret_bytes = bytes;
        assert_int_equal(verify(make(HEADER, CLAIMS)), PL_TOKEN_INVALID);
    }
    key.secret_bytes = 64;
    assert_int_equal(verify(make(HEADER, CLAIMS)), PL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JWT_TEST(minted_token_gives_its_claims_back),
        JWT_TEST(kid_of_a_minted_token_is_the_key),
        JWT_TEST(tokens_of_other_makers_are_accepted),
        JWT_TEST(algorithm_is_the_keys_alone),
        JWT_TEST(bad_headers_are_refused),
        JWT_TEST(kid_is_a_uuid_and_nothing_else),
        JWT_TEST(parts_are_exactly_three_and_not_empty),
        JWT_TEST(truncated_token_is_refused_at_every_length),
        JWT_TEST(every_changed_character_is_refused),
        JWT_TEST(white_space_and_padding_are_refused),
        JWT_TEST(signature_has_one_spelling),
        JWT_TEST(signed_part_with_stray_bits_is_refused),
        JWT_TEST(token_of_8_kib_is_the_largest),
        JWT_TEST(deep_json_is_refused_without_harm),
        JWT_TEST(other_keys_are_refused),
        JWT_TEST(shorter_and_longer_signatures_are_refused),
        JWT_TEST(key_that_is_too_short_proves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
