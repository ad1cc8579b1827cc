/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What the tests of device tokens share: one key, one point in time, and texts that each test changes
 * in one place. Unless a test says otherwise its token is signed with the right key, so that the check
 * under test is all that stands in the way.
 */
#ifndef PL_TESTS_JWT_FIXTURE_H
#define PL_TESTS_JWT_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "auth/jwt.h"
#include "unit/auth/token_maker.h"

#define KID "0198c0de-0000-7000-8000-00000000000a"
#define APP "0198c0de-0000-7000-8000-0000000000a0"
#define USER "0198c0de-0000-7000-8000-000000000b0b"
#define DEVICE "0198c0de-0000-7000-8000-000000000de0"
#define OTHER "0198c0de-0000-7000-8000-0000000000ff"
#define NIL "00000000-0000-0000-0000-000000000000"

#define NOW 1700000000
#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"" KID "\"}"
#define WHO "\"app\":\"" APP "\",\"sub\":\"" USER "\",\"device\":\"" DEVICE "\""
#define AUD "\"aud\":\"parley\""
#define IAT "\"iat\":1699999990"
#define EXP "\"exp\":1700003600"
#define CLAIMS "{" AUD "," WHO "," IAT "," EXP "}"

#define WITH(times_) "{" AUD "," WHO "," times_ "}"

#define COUNT(array_) (sizeof(array_) / sizeof((array_)[0]))

extern struct pl_arena arena;
extern struct pl_jwt_key key;

int jwt_set_up(void **state);
int jwt_tear_down(void **state);

/* Signed with the key. */
const char *make(const char *header, const char *claims);
/* Also asserts that nothing is written unless the token is accepted. */
enum pl_status verify_at(const char *token, int64_t now_s);
/* At NOW. */
enum pl_status verify(const char *token);

struct attempt {
    const char *json;
    enum pl_status expected;
};

/* Each with the good claims. */
void assert_headers(const struct attempt *attempts, size_t count);
/* Each with the good header. */
void assert_claims(const struct attempt *attempts, size_t count);

#define JWT_TEST(name_) cmocka_unit_test_setup_teardown(name_, jwt_set_up, jwt_tear_down)

#endif
