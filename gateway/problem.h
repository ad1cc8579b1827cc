/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Errors as REST answers them: RFC 9457 problem details, made of the one table of statuses. A problem is
 *
 *   {"type": "/problems/INVALID_ID", "title": "an id is not a UUID of 36 characters", "status": 400,
 *    "detail": "chat_id is not a UUID of 36 characters", "cure": "Send ids as Parley gave them: …",
 *    "instance": "/v1/chats/1", "reason": "INVALID_ID", "domain": "parley", "metadata": {},
 *    "field_violations": [{"field": "chat_id", "description": "…"}], "request_id": "0198…"}
 *
 * and always has all of these; cure is "" for a newer parleyd's own reason. reason, domain and metadata are those of
 * google.rpc.ErrorInfo over gRPC.
 */
#ifndef PL_GATEWAY_PROBLEM_H
#define PL_GATEWAY_PROBLEM_H

#include <parley/types.h>

#include "base/buf.h"
#include "base/status.h"

#define PL_PROBLEM_CONTENT_TYPE "application/problem+json"

/* Borrowed texts. */
struct pl_problem {
    enum pl_status status;
    const char *reason;              /* NULL: that of the status; else a newer parleyd's own word */
    const char *sentence;            /* NULL: that of the status */
    const char *field;               /* "participants[2].role"; NULL: no one field is wrong, or metadata has "field" */
    const parley_metadata *metadata; /* what the reason refers to */
    unsigned metadata_count;
    int retry_after_ms; /* 0: not said; for the header Retry-After, not written */
};

/* instance: the raw path. What is not UTF-8 in a text is left out with the text. */
void pl_problem_write(const struct pl_problem *problem, const char *instance, const char *request_id,
                      struct pl_buf *buf);

#endif
