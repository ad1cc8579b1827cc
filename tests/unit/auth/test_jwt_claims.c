/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Device tokens: attacks on claims under a signature that is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/auth/jwt_fixture.h"

static void bad_claims_are_refused(void **state)
{
    static const struct attempt claims[] = {
        {"", PL_TOKEN_INVALID},
        {"{}", PL_TOKEN_INVALID},
        {"[]", PL_TOKEN_INVALID},
        {"null", PL_TOKEN_INVALID},
        {CLAIMS "x", PL_TOKEN_INVALID},
        {CLAIMS CLAIMS, PL_TOKEN_INVALID},
        /* Duplicates, plain and escaped. */
        {"{" AUD "," WHO "," IAT "," EXP "," EXP "}", PL_TOKEN_INVALID},
        {"{\"sub\":\"" OTHER "\"," AUD "," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"s\\u0075b\":\"" OTHER "\"," AUD "," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"x\":{\"y\":1,\"y\":2}," AUD "," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        /* Audience. */
        {"{" WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"aud\":\"other\"," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"aud\":\"Parley\"," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"aud\":\"parley \"," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"aud\":\"parley\\u0000\"," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"aud\":\"\"," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"aud\":null," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"aud\":[]," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"aud\":[\"other\"]," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"aud\":[[\"parley\"]]," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"aud\":[\"parley\",7]," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"aud\":{\"parley\":1}," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        /* App: the key's. */
        {"{\"app\":\"" OTHER "\",\"sub\":\"" USER "\",\"device\":\"" DEVICE "\"," AUD "," IAT "," EXP "}",
         PL_TOKEN_INVALID},
        {"{\"app\":\"\",\"sub\":\"" USER "\",\"device\":\"" DEVICE "\"," AUD "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"sub\":\"" USER "\",\"device\":\"" DEVICE "\"," AUD "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"app\":[\"" APP "\"],\"sub\":\"" USER "\",\"device\":\"" DEVICE "\"," AUD "," IAT "," EXP "}",
         PL_TOKEN_INVALID},
        /* User and device. */
        {"{\"app\":\"" APP "\",\"device\":\"" DEVICE "\"," AUD "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"app\":\"" APP "\",\"sub\":\"" USER "\"," AUD "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"app\":\"" APP "\",\"sub\":\"alice\",\"device\":\"" DEVICE "\"," AUD "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"app\":\"" APP "\",\"sub\":\"" USER "\",\"device\":\"phone\"," AUD "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"app\":\"" APP "\",\"sub\":\"" NIL "\",\"device\":\"" DEVICE "\"," AUD "," IAT "," EXP "}",
         PL_TOKEN_INVALID},
        {"{\"app\":\"" APP "\",\"sub\":\"" USER "\",\"device\":\"" NIL "\"," AUD "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"app\":\"" APP "\",\"sub\":7,\"device\":\"" DEVICE "\"," AUD "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"app\":\"" APP "\",\"sub\":\"" USER "\",\"device\":null," AUD "," IAT "," EXP "}", PL_TOKEN_INVALID},
    };

    (void)state;
    assert_claims(claims, COUNT(claims));
}

static void times_are_whole_numbers(void **state)
{
    static const struct attempt claims[] = {
        {WITH(IAT), PL_TOKEN_INVALID},
        {WITH(EXP), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":null"), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":\"1700003600\""), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":1700003600.0"), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":1.7000036e9"), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":1e400"), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":01700003600"), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":+1700003600"), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":0x6553f100"), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":-1"), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":-9223372036854775808"), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":9223372036854775807"), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":9223372036854775808"), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":18446744073709551616"), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":[1700003600]"), PL_TOKEN_INVALID},
        {WITH(IAT ",\"exp\":true"), PL_TOKEN_INVALID},
        {WITH(EXP ",\"iat\":\"1699999990\""), PL_TOKEN_INVALID},
        {WITH(EXP ",\"iat\":1699999990.5"), PL_TOKEN_INVALID},
        {WITH(EXP ",\"iat\":null"), PL_TOKEN_INVALID},
        {WITH(EXP ",\"iat\":-1"), PL_TOKEN_INVALID},
        {WITH(EXP ",\"iat\":-9223372036854775808"), PL_TOKEN_INVALID},
        {WITH(EXP ",\"iat\":9223372036854775807"), PL_TOKEN_INVALID},
        {WITH("\"iat\":9223372036854775806,\"exp\":9223372036854775807"), PL_TOKEN_INVALID},
        {WITH(IAT "," EXP ",\"nbf\":\"1\""), PL_TOKEN_INVALID},
        {WITH(IAT "," EXP ",\"nbf\":1.5"), PL_TOKEN_INVALID},
        {WITH(IAT "," EXP ",\"nbf\":null"), PL_TOKEN_INVALID},
        {WITH(IAT "," EXP ",\"nbf\":-1"), PL_TOKEN_INVALID},
        {WITH(IAT "," EXP ",\"nbf\":9223372036854775807"), PL_TOKEN_INVALID},
        {WITH(IAT "," EXP ",\"nbf\":0"), PL_OK},
    };

    (void)state;
    assert_claims(claims, COUNT(claims));
}

static void leeway_is_60_s_at_both_ends(void **state)
{
    static const struct attempt claims[] = {
        /* exp: the last second that counts is exp + 59. */
        {WITH("\"iat\":1699990000,\"exp\":1700000001"), PL_OK},
        {WITH("\"iat\":1699990000,\"exp\":1700000000"), PL_OK},
        {WITH("\"iat\":1699990000,\"exp\":1699999941"), PL_OK},
        {WITH("\"iat\":1699990000,\"exp\":1699999940"), PL_TOKEN_EXPIRED},
        {WITH("\"iat\":1699990000,\"exp\":1699999939"), PL_TOKEN_EXPIRED},
        {WITH("\"iat\":0,\"exp\":1"), PL_TOKEN_EXPIRED},
        /* iat of a clock that is ahead. */
        {WITH("\"iat\":1700000060,\"exp\":1700003600"), PL_OK},
        {WITH("\"iat\":1700000061,\"exp\":1700003600"), PL_TOKEN_INVALID},
        /* nbf. */
        {WITH(IAT "," EXP ",\"nbf\":1700000060"), PL_OK},
        {WITH(IAT "," EXP ",\"nbf\":1700000061"), PL_TOKEN_INVALID},
    };

    (void)state;
    assert_claims(claims, COUNT(claims));
}

static void life_is_a_day_at_most(void **state)
{
    static const struct attempt claims[] = {
        {WITH("\"iat\":1700000000,\"exp\":1700086400"), PL_OK},
        {WITH("\"iat\":1700000000,\"exp\":1700086460"), PL_OK},
        {WITH("\"iat\":1700000000,\"exp\":1700086461"), PL_TOKEN_INVALID},
        {WITH("\"iat\":0,\"exp\":1700003600"), PL_TOKEN_INVALID},
        {WITH("\"iat\":1700000000,\"exp\":1700000000"), PL_TOKEN_INVALID},
        {WITH("\"iat\":1700000010,\"exp\":1700000000"), PL_TOKEN_INVALID},
    };

    (void)state;
    assert_claims(claims, COUNT(claims));
}

/* A forged token must not learn from the status that only its time is wrong. */
static void forged_and_expired_is_invalid(void **state)
{
    static const uint8_t other[32] = "not the key, but as long as one";

    (void)state;
    assert_int_equal(verify_at(make(HEADER, CLAIMS), NOW + 100000), PL_TOKEN_EXPIRED);
    assert_int_equal(verify_at(token_make(&arena, HEADER, CLAIMS, other, sizeof(other)), NOW + 100000),
                     PL_TOKEN_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JWT_TEST(bad_claims_are_refused),        JWT_TEST(times_are_whole_numbers),
        JWT_TEST(leeway_is_60_s_at_both_ends),   JWT_TEST(life_is_a_day_at_most),
        JWT_TEST(forged_and_expired_is_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
