/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "rpc/metadata.h"

#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_DIGITS_MAX = 8, DECIMAL = 10 };

void pl_metadata_init(struct pl_buf *metadata)
{
    pl_buf_init(metadata, PL_CALL_METADATA_BYTES_MAX);
}

void pl_metadata_add(struct pl_buf *metadata, const uint8_t *name, size_t name_bytes, const uint8_t *value,
                     size_t value_bytes)
{
    /* All of a header or nothing. */
    metadata->overflowed =
        metadata->overflowed || name_bytes + value_bytes + 2 > PL_CALL_METADATA_BYTES_MAX - metadata->bytes;
    pl_buf_put(metadata, name, name_bytes);
    pl_buf_put_u8(metadata, 0);
    pl_buf_put(metadata, value, value_bytes);
    pl_buf_put_u8(metadata, 0);
}

const char *pl_metadata_find(const struct pl_buf *metadata, const char *name)
{
    const char *at = (const char *)metadata->data;
    const char *end = at + metadata->bytes;

    while (at < end) {
        const char *value = at + strlen(at) + 1;
        if (strcmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

/* gRPC over HTTP/2: up to eight digits and a unit. 0: there is no such unit. */
static int64_t unit_us(const char *unit)
{
    static const struct {
        const char *name;
        int64_t us;
    } units[] = {{"H", INT64_C(3600000000)}, {"M", 60000000}, {"S", 1000000}, {"m", 1000}, {"u", 1}};

    for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(unit, units[i].name) == 0)
            return units[i].us;
    return 0;
}

int64_t pl_metadata_timeout_us(const struct pl_buf *metadata)
{
    const char *text = pl_metadata_find(metadata, "grpc-timeout");
    size_t digits = text != NULL ? strspn(text, "0123456789") : 0;
    const int64_t year_us = INT64_C(365) * 24 * 3600 * 1000000;
    int64_t timeout_us;

    if (digits == 0 || digits > TIMEOUT_DIGITS_MAX)
        return INT64_MAX;
    if (strcmp(text + digits, "n") == 0)
        return strtol(text, NULL, DECIMAL) / 1000;
    if (unit_us(text + digits) == 0)
        return INT64_MAX;
    timeout_us = strtol(text, NULL, DECIMAL) * unit_us(text + digits);
    return timeout_us > year_us ? INT64_MAX : timeout_us;
}
