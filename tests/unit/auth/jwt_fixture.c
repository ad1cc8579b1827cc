/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The one key and what is done with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/auth/jwt_fixture.h"

struct pl_arena arena;
struct pl_jwt_key key;

int jwt_set_up(void **state)
{
    (void)state;
    pl_arena_init(&arena, 64u << 20);
    memset(&key, 0, sizeof(key));
    key.algorithm = PL_JWT_HS256;
    key.secret_bytes = 32;
    memcpy(key.secret, "an hmac key of thirty-two bytes!", 32);
    return pl_uuid_parse(KID, &key.kid.uuid) != PL_OK || pl_uuid_parse(APP, &key.app_id.uuid) != PL_OK;
}

int jwt_tear_down(void **state)
{
    (void)state;
    pl_arena_fini(&arena);
    return 0;
}

const char *make(const char *header, const char *claims)
{
    return token_make(&arena, header, claims, key.secret, key.secret_bytes);
}

enum pl_status verify_at(const char *token, int64_t now_s)
{
    struct pl_jwt_claims claims, untouched;
    enum pl_status status;

    memset(&untouched, 0x5a, sizeof(untouched));
    memcpy(&claims, &untouched, sizeof(claims));
    status = pl_jwt_verify(token, &key, now_s, &claims);
    if (status != PL_OK)
        assert_memory_equal(&claims, &untouched, sizeof(claims));
    return status;
}

enum pl_status verify(const char *token)
{
    return verify_at(token, NOW);
}

void assert_headers(const struct attempt *attempts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum pl_status status = verify(make(attempts[i].json, CLAIMS));

        if (status != attempts[i].expected)
            fail_msg("%s: %s, expected %s", attempts[i].json, pl_status_reason(status),
                     pl_status_reason(attempts[i].expected));
    }
}

void assert_claims(const struct attempt *attempts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum pl_status status = verify(make(HEADER, attempts[i].json));

        if (status != attempts[i].expected)
            fail_msg("%s: %s, expected %s", attempts[i].json, pl_status_reason(status),
                     pl_status_reason(attempts[i].expected));
    }
}
