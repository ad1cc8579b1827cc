/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * From a verb and a path to a method of the API, by the table of api/methods.h. A template's segment is a word
 * ("messages:batch"), a variable ("{chat_id}") or a variable with a word behind it ("{chat_id}:join"). Words are
 * compared as they were sent; what a variable stands for is decoded after that, so that %2F and %3A are part of it. A
 * variable is never empty and has no ':' that is not escaped.
 */
#ifndef PL_GATEWAY_ROUTE_H
#define PL_GATEWAY_ROUTE_H

#include "api/methods.h"
#include "base/arena.h"
#include "base/status.h"

#define PL_ROUTE_VARIABLES_MAX 4

struct pl_routes;

struct pl_route_variable {
    const char *name;  /* lives as long as the routes */
    const char *value; /* decoded; in the arena */
};

struct pl_route {
    const struct pl_api_method *method;
    const struct pl_api_http *http;
    struct pl_route_variable variables[PL_ROUTE_VARIABLES_MAX];
    unsigned variable_count;
};

/* Of every method with an HTTP rule. Read-only afterwards, any thread. */
struct pl_routes *pl_routes_new(void);
void pl_routes_free(struct pl_routes *routes);
/*
 * verb and path as pl_http_verb and pl_http_path have them. PL_ROUTE_NOT_FOUND; PL_METHOD_NOT_ALLOWED with the value of
 * the header Allow in *ret_allow (in the arena), which every OPTIONS ends with: OPTIONS of "*" has what any path takes
 * (RFC 9110 section 9.3.7); PL_MALFORMED_REQUEST and PL_INVALID_TEXT for a variable that cannot be decoded. *ret_route
 * is written on PL_OK only.
 */
enum pl_status pl_route_find(const struct pl_routes *routes, const char *verb, const char *path, struct pl_arena *arena,
                             struct pl_route *ret_route, const char **ret_allow) PL_MUST_CHECK;

#endif
