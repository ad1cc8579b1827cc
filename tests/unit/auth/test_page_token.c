/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Page tokens: nothing but what was handed out is taken back, and only for the same list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/base64url.h"
#include "auth/page_token.h"

#define TOKEN_BYTES 40

static const uint8_t key[PL_PAGE_TOKEN_KEY_BYTES] = "0123456789abcdef0123456789abcdef";
static const struct pl_uuid subject = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static const struct pl_page_cursor cursor = {1234567890123456789, {{0xaa, 0xbb, 0xcc}}};

static struct pl_arena arena;

static int set_up(void **state)
{
    (void)state;
    pl_arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_arena_fini(&arena);
    return 0;
}

static void assert_refused(const char *token)
{
    struct pl_page_cursor back = {42, {{42}}};

    assert_int_equal(pl_page_token_parse(key, PL_PAGE_MESSAGES, &subject, token, &back), PL_INVALID_PAGE_TOKEN);
    assert_int_equal(back.number, 42);
    assert_int_equal(back.id.bytes[0], 42);
}

static void cursor_comes_back(void **state)
{
    static const int64_t numbers[] = {0, 1, -1, INT64_MAX, INT64_MIN, 1234567890123456789};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct pl_page_cursor there = {numbers[i], cursor.id}, back;
        const char *token = pl_page_token_format(key, PL_PAGE_CHATS, &subject, &there, &arena);

        assert_int_equal(pl_page_token_parse(key, PL_PAGE_CHATS, &subject, token, &back), PL_OK);
        assert_true(back.number == there.number);
        assert_true(pl_uuid_equal(&back.id, &there.id));
    }
}

/* Tokens outlive the server that made them: this text was made by the first version. */
static void format_never_changes(void **state)
{
    (void)state;
    assert_string_equal(pl_page_token_format(key, PL_PAGE_MESSAGES, &subject, &cursor, &arena),
                        "ESIQ9H3pgRWqu8wAAAAAAAAAAAAAAAAAS1Rb2a5MdfaCGS2CDzFUAw");
}

static void every_flipped_bit_is_refused(void **state)
{
    const char *token = pl_page_token_format(key, PL_PAGE_MESSAGES, &subject, &cursor, &arena);
    uint8_t bytes[TOKEN_BYTES];
    size_t count;

    (void)state;
    assert_int_equal(pl_base64url_decode(token, strlen(token), bytes, sizeof(bytes), &count), PL_OK);
    assert_int_equal(count, TOKEN_BYTES);
    for (unsigned bit = 0; bit < TOKEN_BYTES * 8; bit++) {
        char text[PL_BASE64URL_CHARS(TOKEN_BYTES) + 1];

        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        pl_base64url_encode(bytes, sizeof(bytes), text);
        assert_refused(text);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void every_other_character_is_refused(void **state)
{
    const char *token = pl_page_token_format(key, PL_PAGE_MESSAGES, &subject, &cursor, &arena);
    char *text = pl_arena_copy(&arena, token, strlen(token));

    (void)state;
    for (size_t i = 0; i < strlen(token); i++) {
        for (int c = 1; c < 256; c++) {
            text[i] = (char)c;
            if (text[i] != token[i])
                assert_refused(text);
        }
        text[i] = token[i];
    }
}

static void other_lengths_are_refused(void **state)
{
    const char *token = pl_page_token_format(key, PL_PAGE_MESSAGES, &subject, &cursor, &arena);

    (void)state;
    for (size_t chars = 0; chars < strlen(token); chars++)
        assert_refused(pl_arena_copy(&arena, token, chars));
    assert_refused(pl_arena_printf(&arena, "%sA", token));
    assert_refused(pl_arena_printf(&arena, "%s=", token));
    assert_refused(pl_arena_printf(&arena, " %s", token));
}

static void huge_token_is_refused(void **state)
{
    size_t bytes = 20u << 20;
    char *huge = malloc(bytes);

    (void)state;
    assert_non_null(huge);
    memset(huge, 'A', bytes - 1);
    huge[bytes - 1] = '\0';
    assert_refused(huge);
    free(huge);
}

static void token_of_another_list_subject_or_key_is_refused(void **state)
{
    const char *token = pl_page_token_format(key, PL_PAGE_MESSAGES, &subject, &cursor, &arena);
    struct pl_uuid other_subject = subject;
    uint8_t other_key[PL_PAGE_TOKEN_KEY_BYTES];
    struct pl_page_cursor back;

    (void)state;
    other_subject.bytes[15] ^= 1;
    memcpy(other_key, key, sizeof(key));
    other_key[31] ^= 1;
    assert_int_equal(pl_page_token_parse(key, PL_PAGE_MESSAGES, &subject, token, &back), PL_OK);
    assert_int_equal(pl_page_token_parse(key, PL_PAGE_CHATS, &subject, token, &back), PL_INVALID_PAGE_TOKEN);
    assert_int_equal(pl_page_token_parse(key, PL_PAGE_MESSAGES, &other_subject, token, &back), PL_INVALID_PAGE_TOKEN);
    assert_int_equal(pl_page_token_parse(other_key, PL_PAGE_MESSAGES, &subject, token, &back), PL_INVALID_PAGE_TOKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cursor_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(format_never_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_flipped_bit_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_other_character_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_lengths_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(huge_token_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(token_of_another_list_subject_or_key_is_refused, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
