/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What a device token says about itself: the middle part of a JWS, base64url of JSON. */
#include "sdk/c/cli/claims.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define PAYLOAD_BYTES_MAX 8192

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *place = c != '\0' ? strchr(digits, c) : NULL;
    return place != NULL ? (int)(place - digits) : -1;
}

/* Bytes decoded up to the next dot; 0 when that is not base64url. */
static size_t decode(const char *text, char *ret_data, size_t data_bytes)
{
    unsigned bits = 0;
    int bit_count = 0;
    size_t used = 0;
    for (; *text != '.'; text++) {
        int digit = digit_of(*text);
        if (digit < 0 || used == data_bytes)
            return 0;
        bits = bits << 6 | (unsigned)digit;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            ret_data[used++] = (char)(bits >> bit_count & 0xFF);
        }
    }
    return used;
}

static bool take_id(const json_t *object, const char *key, char ret_id[PARLEY_ID_BYTES])
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || strlen(text) != PARLEY_ID_BYTES - 1)
        return false;
    memcpy(ret_id, text, PARLEY_ID_BYTES);
    return true;
}

bool pl_claims_read(const char *token, struct pl_claims *ret_claims)
{
    char payload[PAYLOAD_BYTES_MAX];
    const char *dot = strchr(token, '.');
    size_t bytes = dot != NULL ? decode(dot + 1, payload, sizeof payload) : 0;
    json_t *object = json_loadb(payload, bytes, 0, NULL);
    bool taken = take_id(object, "app", ret_claims->app_id) && take_id(object, "sub", ret_claims->user_id) &&
                 take_id(object, "device", ret_claims->device_id);
    ret_claims->expires_at_us = (int64_t)json_integer_value(json_object_get(object, "exp")) * 1000000;
    json_decref(object);
    return taken;
}
