/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* PostgreSQL's binary formats, incoming. A column of another type than asked for is our own bug. */
#include "db/rows.h"

#include <endian.h>
#include <libpq-fe.h>
#include <string.h>

#include "base/status.h"
#include "db/pg_time.h"

int pl_rows_count(const struct pl_rows *rows)
{
    return rows->result == NULL ? 0 : PQntuples(rows->result);
}

bool pl_rows_null(const struct pl_rows *rows, int row, int column)
{
    pl_assert(row < pl_rows_count(rows) && column < PQnfields(rows->result));
    return PQgetisnull(rows->result, row, column) != 0;
}

static const char *value_of(const struct pl_rows *rows, int row, int column, size_t bytes)
{
    pl_assert((size_t)PQgetlength(rows->result, row, column) == bytes);
    return PQgetvalue(rows->result, row, column);
}

struct pl_uuid pl_rows_uuid(const struct pl_rows *rows, int row, int column)
{
    struct pl_uuid uuid = {0};
    if (!pl_rows_null(rows, row, column))
        memcpy(uuid.bytes, value_of(rows, row, column, sizeof(uuid.bytes)), sizeof(uuid.bytes));
    return uuid;
}

static int64_t int64_of(const struct pl_rows *rows, int row, int column)
{
    uint64_t big;
    memcpy(&big, value_of(rows, row, column, sizeof(big)), sizeof(big));
    return (int64_t)be64toh(big);
}

int64_t pl_rows_int(const struct pl_rows *rows, int row, int column)
{
    if (pl_rows_null(rows, row, column))
        return 0;
    int bytes = PQgetlength(rows->result, row, column);
    if (bytes == (int)sizeof(uint16_t)) {
        uint16_t small;
        memcpy(&small, value_of(rows, row, column, sizeof(small)), sizeof(small));
        return (int16_t)be16toh(small);
    }
    if (bytes == (int)sizeof(uint32_t)) {
        uint32_t middle;
        memcpy(&middle, value_of(rows, row, column, sizeof(middle)), sizeof(middle));
        return (int32_t)be32toh(middle);
    }
    return int64_of(rows, row, column);
}

bool pl_rows_bool(const struct pl_rows *rows, int row, int column)
{
    return !pl_rows_null(rows, row, column) && *value_of(rows, row, column, 1) != 0;
}

const char *pl_rows_text(const struct pl_rows *rows, int row, int column)
{
    return pl_rows_null(rows, row, column) ? "" : PQgetvalue(rows->result, row, column);
}

const void *pl_rows_bytes(const struct pl_rows *rows, int row, int column, size_t *ret_bytes)
{
    if (pl_rows_null(rows, row, column)) {
        *ret_bytes = 0;
        return NULL;
    }
    *ret_bytes = (size_t)PQgetlength(rows->result, row, column);
    return PQgetvalue(rows->result, row, column);
}

int64_t pl_rows_time(const struct pl_rows *rows, int row, int column)
{
    return pl_rows_null(rows, row, column) ? 0 : int64_of(rows, row, column) + PL_PG_EPOCH_US;
}

void pl_rows_clear(struct pl_rows *rows)
{
    PQclear(rows->result);
    rows->result = NULL;
}
