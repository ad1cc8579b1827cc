/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: a method as this server offers it, and the methods that come with every server. */
#ifndef PL_RPC_SERVED_H
#define PL_RPC_SERVED_H

#include "api/methods.h"
#include "rpc/call.h"

struct pl_rpc;

struct pl_served {
    struct pl_rpc *rpc;
    const struct pl_method *method;
    const struct pl_api_method *api;
    bool builtin; /* health and reflection: anybody may call, and they answer while draining */
};

/* Health and reflection; these are not in pl_api_methods. */
struct pl_builtin {
    struct pl_api_method api;
    struct pl_method method;
};

enum { PL_HEALTH_BUILTINS = 2, PL_REFLECTION_BUILTINS = 2 };
extern const struct pl_builtin pl_health_builtins[PL_HEALTH_BUILTINS];
extern const struct pl_builtin pl_reflection_builtins[PL_REFLECTION_BUILTINS];

#endif
