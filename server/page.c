/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One row more than asked for tells whether there is a next page. */
#include "page.h"
#include "base/limits.h"

#include "rpc/fields.h"

static const uint8_t *token_key(const struct pl_page *page)
{
    const struct pl_server *server = pl_call_context(page->call);
    return pl_db_page_token_key(server->db);
}

/* False: the call has failed. */
static bool take_size(struct pl_page *page, int32_t page_size)
{
    int size_max = page->size_max == 0 ? PL_PAGE_SIZE_MAX : page->size_max;
    if (page_size < 0 || page_size > size_max) {
        pl_call_fail(page->call, PL_INVALID_PAGE_SIZE, "page_size (in a URL also limit) must be 0 to %d", size_max);
        return false;
    }
    page->size = page_size;
    if (page_size == 0)
        page->size = page->size_max == 0 ? PL_PAGE_SIZE_DEFAULT : size_max;
    return true;
}

bool pl_page_take(struct pl_page *page, int32_t page_size, const char *page_token)
{
    enum pl_status status = PL_OK;
    if (!take_size(page, page_size))
        return false;
    if (page_token[0] != '\0')
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

const struct pl_rows *pl_page_rows(const struct pl_page *page, const struct pl_query *query)
{
    if (pl_server_rows(page->call, query, 0, page->missing) == NULL)
        return NULL;
    return &query->steps[query->count - 1].rows;
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
