/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What every handler does to ask the database. */
#include "server.h"

#include <string.h>

struct pl_query *pl_server_query(struct pl_call *call, void (*done)(struct pl_query *query, void *context),
                                 void *context)
{
    struct pl_query *query = pl_query_new(pl_call_arena(call), &pl_call_loop(call)->mailbox, done, context);
    query->deadline_us = pl_call_deadline_us(call);
    return query;
}

void pl_server_submit(struct pl_call *call, struct pl_query *query)
{
    const struct pl_server *server = pl_call_context(call);
    pl_db_query(server->db, query);
}

enum pl_status pl_server_status(const struct pl_query *query)
{
    static const struct {
        const char *constraint;
        enum pl_status status;
    } takens[] = {{"usernames_pkey", PL_USERNAME_TAKEN}, {"phone_numbers_pkey", PL_PHONE_NUMBER_TAKEN}};
    for (size_t i = 0; query->status == PL_ALREADY_EXISTS && i < sizeof(takens) / sizeof(takens[0]); i++)
        if (strcmp(query->constraint, takens[i].constraint) == 0)
            return takens[i].status;
    return query->status;
}

const struct pl_rows *pl_server_rows(struct pl_call *call, const struct pl_query *query, unsigned step,
                                     enum pl_status missing)
{
    const struct pl_rows *rows = &query->steps[step].rows;
    enum pl_status status = query->status != PL_OK ? pl_server_status(query) : PL_OK;
    if (status == PL_OK && pl_rows_count(rows) == 0)
        status = missing;
    if (status == PL_OK)
        return rows;
    pl_call_fail(call, status, NULL);
    return NULL;
}
