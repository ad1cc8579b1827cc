/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * How much a user and an app may send and create in a second, on this node: a token bucket (base/buckets.h) of one
 * second's worth for each row of api/quotas.def. What an app may is in its row, or else the server's setting. Any
 * thread, and none blocks; a message costs well below a microsecond.
 *
 * Users who have not sent for longest are forgotten first, and only when more than 65,536 others have since: their
 * buckets are full by then.
 */
#ifndef PL_AUTH_QUOTA_H
#define PL_AUTH_QUOTA_H

#include "auth/principal.h"
#include "base/buckets.h"
#include "base/config.h"
#include "base/metrics.h"
#include "db/rows.h"
#include "rpc/call.h"

#define PL_QUOTAS_OF_APP PL_QUOTA_LOOKUPS /* those that an app has a limit for */

struct pl_quotas;

struct pl_quotas *pl_quotas_new(const struct pl_config *config, struct pl_metrics *metrics);
void pl_quotas_free(struct pl_quotas *quotas);
/*
 * The app's, which lives as long as quotas. Its limits are those of PL_QUOTA_COLUMNS in the row, from column on, from
 * now on.
 */
struct pl_app_quota *pl_quotas_app(struct pl_quotas *quotas, const struct pl_app_id *app_id, const struct pl_rows *rows,
                                   int row, int column);

/* What somebody is about to do. */
struct pl_spending {
    int64_t messages;
    int64_t bytes;
    int64_t creates;
};

/* What came of it. */
struct pl_quota_taking {
    unsigned count;
    enum pl_quota quotas[PL_QUOTAS_OF_APP]; /* of each draw */
    struct pl_draw draws[PL_QUOTAS_OF_APP];
    struct pl_shortage shortage; /* of a refusal */
};

/* True when it may be done, and is counted now; else nothing is, and *ret_taking says what is short. */
bool pl_quota_take(const struct pl_principal *principal, const struct pl_spending *spending, int64_t now_us,
                   struct pl_quota_taking *ret_taking);
/* Of a refusal: when the same may be done, at least 1; which limit it was; and what the caller is told. */
int pl_quota_retry_ms(const struct pl_quota_taking *taking);
const char *pl_quota_key(const struct pl_quota_taking *taking);
const char *pl_quota_sentence(const struct pl_quota_taking *taking);
/* The values of RateLimit and RateLimit-Policy, in the arena; NULL when nothing is limited. */
const char *pl_quota_state(const struct pl_quota_taking *taking, bool was_taken, struct pl_arena *arena);
const char *pl_quota_policy(const struct pl_quota_taking *taking, struct pl_arena *arena);

/* A unary call's answer gets these headers. */
void pl_quota_tell(struct pl_call *call, const struct pl_quota_taking *taking, bool was_taken);
/*
 * For a unary call, which gets these headers: false when it has failed, with RATE_LIMITED. Methods that say what they
 * spend (struct pl_method) have paid when their handler is called.
 */
bool pl_quota_pay(struct pl_call *call, const struct pl_spending *spending);

#endif
