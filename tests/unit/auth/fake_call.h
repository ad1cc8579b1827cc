/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A call without gRPC, which remembers how its admission ended. It takes the place of server/rpc at link time. */
#ifndef PL_TESTS_FAKE_CALL_H
#define PL_TESTS_FAKE_CALL_H

#include "base/arena.h"
#include "rpc/call.h"

#define FAKE_DEADLINE_US 123456789

struct pl_call {
    const char *api_key; /* metadata; NULL: absent */
    const char *authorization;
    const char *acting_user;
    enum pl_scope scope;
    /* What became of it. */
    unsigned ended; /* how often; must become 1 */
    enum pl_status status;
    const char *sentence;
    struct pl_principal principal;
    /* The call's own. */
    struct pl_api_method method;
    struct pl_arena arena;
    struct pl_loop loop;
};

void fake_call_init(struct pl_call *call, enum pl_scope scope);
void fake_call_fini(struct pl_call *call);

#endif
