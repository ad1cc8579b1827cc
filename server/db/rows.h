/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The rows of one statement's result. Texts and bytes are borrowed from the rows. A null reads as
 * the nil UUID, 0,
 * "" and NULL.
 */
#ifndef PL_DB_ROWS_H
#define PL_DB_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"

struct pg_result;

struct pl_rows {
    struct pg_result *result; /* NULL: no rows */
};

int pl_rows_count(const struct pl_rows *rows);
bool pl_rows_null(const struct pl_rows *rows, int row, int column);
struct pl_uuid pl_rows_uuid(const struct pl_rows *rows, int row, int column);
/* int2, int4 and int8 alike. */
int64_t pl_rows_int(const struct pl_rows *rows, int row, int column);
bool pl_rows_bool(const struct pl_rows *rows, int row, int column);
/* NUL-terminated. */
const char *pl_rows_text(const struct pl_rows *rows, int row, int column);
const void *pl_rows_bytes(const struct pl_rows *rows, int row, int column, size_t *ret_bytes);
/* Microseconds since 1970, of a timestamptz. */
int64_t pl_rows_time(const struct pl_rows *rows, int row, int column);
void pl_rows_clear(struct pl_rows *rows);

#endif
