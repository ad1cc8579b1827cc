/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Strict base64url. Encoding is used on secrets only when they are made and shown, and decoding only
 * on what the caller sent, so neither needs to run in constant time.
 */
#include "auth/base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void pl_base64url_encode(const void *data, size_t bytes, char *ret_text)
{
    const uint8_t *in = data;
    uint32_t bits = 0;
    unsigned bit_count = 0;

    for (size_t i = 0; i < bytes; i++) {
        bits = bits << 8 | in[i];
        bit_count += 8;
        while (bit_count >= 6) {
            bit_count -= 6;
            *ret_text++ = alphabet[bits >> bit_count & 63];
        }
    }
    if (bit_count > 0)
        *ret_text++ = alphabet[bits << (6 - bit_count) & 63];
    *ret_text = '\0';
}

/* 0 to 63, or 64 for a character that is not of the alphabet. */
static uint32_t value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : 64;
}

enum pl_status pl_base64url_decode(const char *text, size_t chars, uint8_t *ret_data, size_t bytes_max,
                                   size_t *ret_bytes)
{
    uint32_t bits = 0;
    unsigned bit_count = 0;
    size_t bytes = 0;

    if (chars % 4 == 1 || chars / 4 * 3 + chars % 4 * 3 / 4 > bytes_max)
        return PL_INVALID_ARGUMENT;
    for (size_t i = 0; i < chars; i++) {
        uint32_t value = value_of(text[i]);

        if (value > 63)
            return PL_INVALID_ARGUMENT;
        bits = bits << 6 | value;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            ret_data[bytes++] = (uint8_t)(bits >> bit_count);
        }
    }
    if ((bits & ((1u << bit_count) - 1)) != 0)
        return PL_INVALID_ARGUMENT;
    *ret_bytes = bytes;
    return PL_OK;
}
