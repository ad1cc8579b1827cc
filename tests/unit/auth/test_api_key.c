/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The form of API keys and what is stored of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/api_key.h"

static void secret_is_pk_and_43_characters(void **state)
{
    struct pl_arena arena;
    const char *secret;

    (void)state;
    pl_arena_init(&arena, 1 << 16);
    secret = pl_api_key_generate(&arena);
    assert_int_equal(strlen(secret), 46);
    assert_memory_equal(secret, "pk_", 3);
    assert_int_equal(strspn(secret + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
    pl_arena_fini(&arena);
}

static void secrets_differ(void **state)
{
    struct pl_arena arena;

    (void)state;
    pl_arena_init(&arena, 1 << 16);
    assert_string_not_equal(pl_api_key_generate(&arena), pl_api_key_generate(&arena));
    pl_arena_fini(&arena);
}

/* FIPS 180-2 appendix B.1: stored hashes must mean the same for ever. */
static void hash_is_sha_256_of_the_text(void **state)
{
    static const uint8_t expected[PL_API_KEY_HASH_BYTES] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
        0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    uint8_t hash[PL_API_KEY_HASH_BYTES];

    (void)state;
    pl_api_key_hash("abc", hash);
    assert_memory_equal(hash, expected, sizeof(expected));
}

static void any_text_has_a_hash(void **state)
{
    static char large[1 << 20];
    uint8_t empty_hash[PL_API_KEY_HASH_BYTES], large_hash[PL_API_KEY_HASH_BYTES];

    (void)state;
    memset(large, 0xff, sizeof(large) - 1);
    pl_api_key_hash("", empty_hash);
    pl_api_key_hash(large, large_hash);
    assert_memory_not_equal(empty_hash, large_hash, sizeof(large_hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secret_is_pk_and_43_characters),
        cmocka_unit_test(secrets_differ),
        cmocka_unit_test(hash_is_sha_256_of_the_text),
        cmocka_unit_test(any_text_has_a_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
