/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* PostgreSQL's binary formats, outgoing: scalars and one-dimensional arrays. */
#include "db/params.h"

#include <endian.h>
#include <limits.h>
#include <string.h>

#include "db/pg_time.h"

/* Far above what one statement of ours carries (4 MiB); reaching it is our own bug. */
#define ARRAY_BYTES_MAX ((size_t)256 << 20)
#define NULL_LENGTH UINT32_MAX

void pl_params_init(struct pl_params *params, struct pl_arena *arena)
{
    *params = (struct pl_params){.arena = arena};
}

static void put(struct pl_params *params, const void *data, size_t bytes)
{
    pl_assert(params->count < PL_PARAMS_MAX);
    pl_assert(bytes <= INT_MAX);
    params->values[params->count] = data == NULL ? NULL : pl_arena_copy(params->arena, data, bytes);
    params->lengths[params->count] = (int)bytes;
    params->count++;
}

void pl_params_null(struct pl_params *params)
{
    put(params, NULL, 0);
}

void pl_params_uuid(struct pl_params *params, const struct pl_uuid *uuid)
{
    if (pl_uuid_is_nil(uuid))
        put(params, NULL, 0);
    else
        put(params, uuid->bytes, sizeof(uuid->bytes));
}

void pl_params_int16(struct pl_params *params, int16_t value)
{
    uint16_t big = htobe16((uint16_t)value);
    put(params, &big, sizeof(big));
}

void pl_params_int32(struct pl_params *params, int32_t value)
{
    uint32_t big = htobe32((uint32_t)value);
    put(params, &big, sizeof(big));
}

void pl_params_int64(struct pl_params *params, int64_t value)
{
    uint64_t big = htobe64((uint64_t)value);
    put(params, &big, sizeof(big));
}

void pl_params_bool(struct pl_params *params, bool value)
{
    uint8_t byte = value;
    put(params, &byte, sizeof(byte));
}

void pl_params_text(struct pl_params *params, const char *text)
{
    put(params, text, strlen(text));
}

void pl_params_bytes(struct pl_params *params, const void *data, size_t bytes)
{
    put(params, data, bytes);
}

void pl_params_time(struct pl_params *params, int64_t unix_us)
{
    pl_params_int64(params, unix_us - PL_PG_EPOCH_US);
}

static uint32_t element_oid(enum pl_element element)
{
    switch (element) {
    case PL_ELEMENT_UUID:
        return 2950;
    case PL_ELEMENT_INT16:
        return 21;
    case PL_ELEMENT_INT64:
        return 20;
    case PL_ELEMENT_BYTES:
        return 17;
    case PL_ELEMENT_TEXT:
        return 25;
    case PL_ELEMENT_TIME:
        return 1184;
    }
    pl_assert(!"an element type");
    return 0;
}

void pl_array_begin(struct pl_array *array, struct pl_params *params, enum pl_element element, size_t count)
{
    pl_assert(count <= INT32_MAX);
    array->params = params;
    array->left = count;
    pl_buf_init(&array->buf, ARRAY_BYTES_MAX);
    pl_buf_put_u32(&array->buf, count == 0 ? 0 : 1); /* dimensions */
    pl_buf_put_u32(&array->buf, 1);                  /* may hold nulls */
    pl_buf_put_u32(&array->buf, element_oid(element));
    if (count == 0)
        return;
    pl_buf_put_u32(&array->buf, (uint32_t)count);
    pl_buf_put_u32(&array->buf, 1); /* index of the first */
}

static void put_element(struct pl_array *array, const void *data, size_t bytes)
{
    pl_assert(array->left > 0);
    array->left--;
    if (data == NULL) {
        pl_buf_put_u32(&array->buf, NULL_LENGTH);
        return;
    }
    pl_buf_put_u32(&array->buf, (uint32_t)bytes);
    pl_buf_put(&array->buf, data, bytes);
}

void pl_array_uuid(struct pl_array *array, const struct pl_uuid *uuid)
{
    put_element(array, pl_uuid_is_nil(uuid) ? NULL : uuid->bytes, sizeof(uuid->bytes));
}

void pl_array_int16(struct pl_array *array, int16_t value)
{
    uint16_t big = htobe16((uint16_t)value);
    put_element(array, &big, sizeof(big));
}

void pl_array_int64(struct pl_array *array, int64_t value)
{
    uint64_t big = htobe64((uint64_t)value);
    put_element(array, &big, sizeof(big));
}

void pl_array_bytes(struct pl_array *array, const void *data, size_t bytes)
{
    put_element(array, data, bytes);
}

void pl_array_time(struct pl_array *array, int64_t unix_us)
{
    if (unix_us == 0)
        put_element(array, NULL, 0);
    else
        pl_array_int64(array, unix_us - PL_PG_EPOCH_US);
}

void pl_array_text(struct pl_array *array, const char *text)
{
    put_element(array, text, strlen(text));
}

void pl_array_end(struct pl_array *array)
{
    pl_assert(array->left == 0 && !array->buf.overflowed);
    put(array->params, array->buf.data, array->buf.bytes);
    pl_buf_fini(&array->buf);
}
