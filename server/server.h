/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What parleyd is made of; made in main and handed to every handler as the context of its call. */
#ifndef PL_SERVER_H
#define PL_SERVER_H

#include "base/buckets.h"
#include "base/config.h"
#include "base/metrics.h"
#include "db/db.h"
#include "rpc/call.h"

struct pl_auth;
struct pl_hub;
struct pl_rpc;

struct pl_server {
    struct pl_config config;
    struct pl_metrics metrics;
    struct pl_db *db;
    struct pl_auth *auth;
    struct pl_rpc *rpc;
    struct pl_hub *hub;
    struct pl_buckets *lookups; /* of LookupUsers, by user */
};

/* A query of a call: in the call's arena, home to its loop, not begun after its deadline. */
struct pl_query *pl_server_query(struct pl_call *call, void (*done)(struct pl_query *query, void *context),
                                 void *context);
void pl_server_submit(struct pl_call *call, struct pl_query *query);
/* Of a query that failed: what its caller is told; a unique key that was hit has a status of its own. */
enum pl_status pl_server_status(const struct pl_query *query);
/*
 * The rows of one statement of a query that is back. NULL when the call has failed: with what the query failed with, or
 * with missing when there is no row. PL_OK as missing: none is needed.
 */
const struct pl_rows *pl_server_rows(struct pl_call *call, const struct pl_query *query, unsigned step,
                                     enum pl_status missing);

#endif
