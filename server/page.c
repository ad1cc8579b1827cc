/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One row more than asked for tells whether there is a next page. */
#include "page.h"

#include "rpc/fields.h"

static const uint8_t *token_key(const struct pl_page *page)
{
    const struct pl_server *server = pl_call_context(page->call);
    return pl_db_page_token_key(server->db);
}

bool pl_page_take(struct pl_page *page, int32_t page_size, const char *page_token)
{
    enum pl_status status = pl_field_page_size(page_size, &page->size);
    if (status == PL_OK && page_token[0] != '\0')
        status = pl_page_token_parse(token_key(page), page->list, &page->subject, page_token, &page->after);
    if (status != PL_OK)
        pl_call_fail(page->call, status, NULL);
    return status == PL_OK;
}

void pl_page_put(const struct pl_page *page, struct pl_params *params)
{
    pl_params_uuid(params, &page->after.id);
    pl_params_int32(params, page->size + 1);
}

int pl_page_count(const struct pl_page *page, const struct pl_rows *rows)
{
    int found = pl_rows_count(rows);
    return found > page->size ? page->size : found;
}

char *pl_page_next_token(const struct pl_page *page, const struct pl_rows *rows, int id_column)
{
    if (pl_rows_count(rows) <= page->size)
        return (char *)protobuf_c_empty_string;
    struct pl_page_cursor cursor = {.id = pl_rows_uuid(rows, page->size - 1, id_column)};
    return pl_page_token_format(token_key(page), page->list, &page->subject, &cursor, pl_call_arena(page->call));
}
