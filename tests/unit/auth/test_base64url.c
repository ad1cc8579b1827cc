/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Strict base64url: one text for each byte string, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/base64url.h"

#define BYTES_MAX 64

static const struct {
    const char *bytes;
    const char *text;
} known[] = {
    /* RFC 4648 section 10, without the padding. */
    {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
    {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbe", "-_--"},
};

static void known_texts_go_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        char text[PL_BASE64URL_CHARS(BYTES_MAX) + 1];
        uint8_t bytes[BYTES_MAX];
        size_t count;

        pl_base64url_encode(known[i].bytes, strlen(known[i].bytes), text);
        assert_string_equal(text, known[i].text);
        assert_int_equal(pl_base64url_decode(text, strlen(text), bytes, sizeof(bytes), &count), PL_OK);
        assert_int_equal(count, strlen(known[i].bytes));
        assert_memory_equal(bytes, known[i].bytes, count);
    }
}

static void every_length_goes_both_ways(void **state)
{
    uint8_t bytes[BYTES_MAX], back[BYTES_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 37 + 201);
    for (size_t length = 0; length <= sizeof(bytes); length++) {
        char text[PL_BASE64URL_CHARS(BYTES_MAX) + 1];
        size_t count;

        pl_base64url_encode(bytes, length, text);
        assert_int_equal(strlen(text), PL_BASE64URL_CHARS(length));
        assert_int_equal(pl_base64url_decode(text, strlen(text), back, length, &count), PL_OK);
        assert_int_equal(count, length);
        assert_memory_equal(back, bytes, length);
    }
}

static void other_texts_are_refused(void **state)
{
    static const char *const refused[] = {
        "A",
        "Zm9vA",
        "Z",
        "Zm9vY",
        "Zg==",
        "Zm8=",
        "Zg=",
        "Zm9v\n",
        " Zm9v",
        "Zm 9v",
        "Zm9v\t",
        "+_--",
        "-/--",
        "Zm.v",
        "Zh",
        "Zv",
        "Zm9",
        "Zm-",
        "Z\xc3\xa9"
        "v",
        "====",
        "=",
        "Zm9v====",
        "Zm9vYmF=",
        "[m9v",
        "@m9v",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        uint8_t bytes[BYTES_MAX];
        size_t count = 99;

        assert_int_equal(pl_base64url_decode(refused[i], strlen(refused[i]), bytes, sizeof(bytes), &count),
                         PL_INVALID_ARGUMENT);
        assert_int_equal(count, 99);
    }
}

static void only_the_alphabet_is_accepted(void **state)
{
    unsigned accepted = 0;

    (void)state;
    for (int c = 0; c < 256; c++) {
        char text[4] = {'A', 'A', 'A', (char)c};
        uint8_t bytes[3];
        size_t count;

        accepted += pl_base64url_decode(text, sizeof(text), bytes, sizeof(bytes), &count) == PL_OK;
    }
    assert_int_equal(accepted, 64);
}

static void unused_bits_must_be_zero(void **state)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned one_byte = 0, two_bytes = 0;

    (void)state;
    for (size_t i = 0; i < 64; i++) {
        char text[3] = {'A', 'A', all[i]};
        uint8_t bytes[3];
        size_t count;

        two_bytes += pl_base64url_decode(text, 3, bytes, sizeof(bytes), &count) == PL_OK;
        one_byte += pl_base64url_decode(text + 1, 2, bytes, sizeof(bytes), &count) == PL_OK;
    }
    assert_int_equal(two_bytes, 16);
    assert_int_equal(one_byte, 4);
}

static void nothing_is_written_past_the_room(void **state)
{
    uint8_t bytes[3] = {0, 0, 0x5a};
    size_t count;

    (void)state;
    assert_int_equal(pl_base64url_decode("Zm9v", 4, bytes, 2, &count), PL_INVALID_ARGUMENT);
    assert_int_equal(bytes[2], 0x5a);
    assert_int_equal(pl_base64url_decode("Zm8", 3, bytes, 2, &count), PL_OK);
    assert_int_equal(bytes[2], 0x5a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_go_both_ways), cmocka_unit_test(every_length_goes_both_ways),
        cmocka_unit_test(other_texts_are_refused),  cmocka_unit_test(only_the_alphabet_is_accepted),
        cmocka_unit_test(unused_bits_must_be_zero), cmocka_unit_test(nothing_is_written_past_the_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
