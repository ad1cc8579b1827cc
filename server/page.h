/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What every list does that is ordered by an id: its page, and the token of the next one. */
#ifndef PL_PAGE_H
#define PL_PAGE_H

#include "auth/page_token.h"
#include "server.h"

/* The first five are the handler's to fill in. */
struct pl_page {
    struct pl_call *call;
    enum pl_page_list list;
    struct pl_uuid subject; /* whose list it is */
    int size_max;           /* of a page; 0 asks for such a page. 0: as pl_field_page_size has it */
    enum pl_status
        missing; /* when the query's first statement, which asks for whose list it is, finds nothing; PL_OK: it may */
    struct pl_page_cursor after;
    int size;
};

/* From the request's fields. False when the call has failed. */
bool pl_page_take(struct pl_page *page, int32_t page_size, const char *page_token);
/* The last two parameters of a list's statement: the id that the page begins behind, null at first, and a limit of one
 * row more than the page has. */
void pl_page_put(const struct pl_page *page, struct pl_params *params);
/* The rows of the query's last statement, the list's. NULL when the call has failed. */
const struct pl_rows *pl_page_rows(const struct pl_page *page, const struct pl_query *query);
/* How many of them are of this page. */
int pl_page_count(const struct pl_page *page, const struct pl_rows *rows);
/* "" on the last page. id_column is where the rows have the id that orders them. */
char *pl_page_next_token(const struct pl_page *page, const struct pl_rows *rows, int id_column);

#endif
