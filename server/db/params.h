/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Binary parameters of one statement, built in an arena. Values are copied. Putting more
 * than PL_PARAMS_MAX is our own bug and asserted.
 */
#ifndef PL_DB_PARAMS_H
#define PL_DB_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/uuid.h"

#define PL_PARAMS_MAX 20

struct pl_params {
    struct pl_arena *arena;
    int count;
    const char *values[PL_PARAMS_MAX];
    int lengths[PL_PARAMS_MAX];
};

void pl_params_init(struct pl_params *params, struct pl_arena *arena);
void pl_params_null(struct pl_params *params);
/* The nil UUID is put as SQL null. */
void pl_params_uuid(struct pl_params *params, const struct pl_uuid *uuid);
void pl_params_int16(struct pl_params *params, int16_t value);
void pl_params_int32(struct pl_params *params, int32_t value);
void pl_params_int64(struct pl_params *params, int64_t value);
void pl_params_bool(struct pl_params *params, bool value);
void pl_params_text(struct pl_params *params, const char *text);
/* NULL data is put as SQL null. */
void pl_params_bytes(struct pl_params *params, const void *data, size_t bytes);
/* Microseconds since 1970, to timestamptz. */
void pl_params_time(struct pl_params *params, int64_t unix_us);

/* One-dimensional arrays: begin with the element type, put exactly count elements of that type,
 * end. */
enum pl_element {
    PL_ELEMENT_UUID,
    PL_ELEMENT_INT16,
    PL_ELEMENT_INT64,
    PL_ELEMENT_BYTES,
    PL_ELEMENT_TEXT,
    PL_ELEMENT_TIME
};
struct pl_array {
    struct pl_params *params;
    struct pl_buf buf;
    size_t left;
};
void pl_array_begin(struct pl_array *array, struct pl_params *params, enum pl_element element, size_t count);
/* The nil UUID is put as null. */
void pl_array_uuid(struct pl_array *array, const struct pl_uuid *uuid);
void pl_array_int16(struct pl_array *array, int16_t value);
void pl_array_int64(struct pl_array *array, int64_t value);
/* NULL data is put as null. */
void pl_array_bytes(struct pl_array *array, const void *data, size_t bytes);
/* Microseconds since 1970; 0 is put as null. */
void pl_array_time(struct pl_array *array, int64_t unix_us);
void pl_array_text(struct pl_array *array, const char *text);
void pl_array_end(struct pl_array *array);

#endif
