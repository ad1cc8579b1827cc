/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The table that statements.def yields. */
#include "db/statements.h"

#include <string.h>

const struct pl_statement_text pl_statement_texts[PL_STATEMENT_COUNT] = {
#define PL_STATEMENT(name_, on_, sql_) [PL_STATEMENT_##name_] = {.name = #name_, .kind = PL_CONN_##on_, .sql = (sql_)},
#include "db/statements.def"
#undef PL_STATEMENT
};

bool pl_statement_is_write(enum pl_statement statement)
{
    const char *sql = pl_statement_texts[statement].sql;
    return strcasestr(sql, "insert into ") != NULL || strcasestr(sql, "update ") != NULL ||
           strcasestr(sql, "delete from ") != NULL;
}
