/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How admissions ask the database, and how they end. */
#include "auth/admission.h"

#include "auth/quota.h"
#include "auth/scope.h"
#include "rpc/rpc.h"

static struct pl_spending spending_of(const struct pl_call *call)
{
    switch (pl_call_spends(call)) {
    case PL_SPENDS_MESSAGE:
        return (struct pl_spending){.messages = 1, .bytes = pl_call_request_bytes(call)};
    case PL_SPENDS_CREATE:
        return (struct pl_spending){.creates = 1};
    case PL_SPENDS_NOTHING:
        break;
    }
    return (struct pl_spending){.messages = 0};
}

void pl_admission_pass(struct pl_admission *admission)
{
    struct pl_call *call = admission->call;
    enum pl_scope scope = pl_call_method(call)->scope;
    enum pl_status status = pl_scope_check(pl_call_principal(call), scope);

    if (status != PL_OK) {
        pl_admission_refuse(admission, status, pl_scope_sentence(scope, status));
        return;
    }
    struct pl_spending spending = spending_of(call);
    if (pl_quota_pay(call, &spending))
        pl_call_admit(call);
}

void pl_admission_refuse(struct pl_admission *admission, enum pl_status status, const char *sentence)
{
    *pl_call_principal(admission->call) = (struct pl_principal){.kind = PL_PRINCIPAL_NOBODY};
    if (sentence == NULL)
        pl_call_fail(admission->call, status, NULL);
    else
        pl_call_fail(admission->call, status, "%s", sentence);
}

struct pl_query *pl_admission_query(struct pl_admission *admission, void (*done)(struct pl_query *query, void *context))
{
    struct pl_call *call = admission->call;
    struct pl_query *query = pl_query_new(pl_call_arena(call), &pl_call_loop(call)->mailbox, done, admission);

    query->deadline_us = pl_call_deadline_us(call);
    return query;
}

bool pl_admission_found(struct pl_admission *admission, const struct pl_query *query, enum pl_status missing)
{
    if (query->status != PL_OK)
        pl_admission_refuse(admission, query->status, NULL);
    else if (pl_rows_count(&query->steps[0].rows) == 0)
        pl_admission_refuse(admission, missing, NULL);
    else
        return true;
    return false;
}
