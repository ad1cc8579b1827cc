/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A call without gRPC, which remembers how its admission ended. It takes the place of server/rpc at link time. */
#ifndef PL_TESTS_FAKE_CALL_H
#define PL_TESTS_FAKE_CALL_H

#include <semaphore.h>

#include "base/arena.h"
#include "rpc/call.h"

#define FAKE_DEADLINE_US 123456789

struct pl_call {
    const char *api_key; /* metadata; NULL: absent */
    const char *authorization;
    const char *acting_user;
    enum pl_spends spends;
    int64_t request_bytes;
    int64_t deadline_us; /* FAKE_DEADLINE_US unless it is changed */
    /* What became of it. */
    unsigned ended; /* how often; must become 1 */
    enum pl_status status;
    const char *sentence;
    struct pl_principal principal;
    const char *ratelimit; /* headers of the answer; NULL: none */
    const char *ratelimit_policy;
    const char *limit; /* details of the failure */
    int retry_after_ms;
    /* The call's own. */
    struct pl_api_method method;
    struct pl_arena arena;
    struct pl_loop loop;
    sem_t mail; /* posted when the loop's mailbox is rung */
};

void fake_call_init(struct pl_call *call, enum pl_scope scope);
/* Runs the loop until the admission has ended, once; its status. */
enum pl_status fake_call_wait(struct pl_call *call);
void fake_call_fini(struct pl_call *call);

#endif
