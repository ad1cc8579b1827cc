/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What a call is told of quotas: the headers of its answer, and its refusal. */
#include "auth/quota.h"
#include "base/clock.h"

void pl_quota_tell(struct pl_call *call, const struct pl_quota_taking *taking, bool was_taken)
{
    const char *state = pl_quota_state(taking, was_taken, pl_call_arena(call));
    const char *policy = pl_quota_policy(taking, pl_call_arena(call));
    if (state == NULL)
        return;
    pl_call_header(call, "ratelimit", state);
    pl_call_header(call, "ratelimit-policy", policy);
}

bool pl_quota_pay(struct pl_call *call, const struct pl_spending *spending)
{
    struct pl_quota_taking taking;
    bool was_taken = pl_quota_take(pl_call_principal(call), spending, pl_clock_now_us(), &taking);
    pl_quota_tell(call, &taking, was_taken);
    if (was_taken)
        return true;
    pl_call_detail(call, "limit", pl_quota_key(&taking));
    pl_call_retry_after(call, pl_quota_retry_ms(&taking));
    pl_call_fail(call, PL_RATE_LIMITED, "%s", pl_quota_sentence(&taking));
    return false;
}
