/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Input: a verb, a newline, a path. Promise: a route is found by what its template says, each variable it names has a
 * value that is text, and a path that takes other verbs says which.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "gateway/route.h"

static void check(const struct pl_route *route, const char *verb)
{
    unsigned variables = 0;
    for (const char *at = route->http->template; *at != '\0'; at++)
        variables += *at == '{';
    pl_assert(route->variable_count == variables);
    pl_assert(strcmp(route->http->verb, strcmp(verb, "HEAD") == 0 ? "GET" : verb) == 0);
    for (unsigned i = 0; i < variables; i++) {
        const char *value = route->variables[i].value;
        pl_assert(value[0] != '\0' && pl_utf8_valid(value, strlen(value)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct pl_routes *routes = pl_routes_new();
    struct pl_arena arena;
    struct pl_route route;
    const char *allow = NULL;
    pl_arena_init(&arena, 1 << 20);
    char *verb = pl_arena_copy(&arena, data, bytes);
    char *path = strchr(verb, '\n');
    if (path != NULL) {
        *path++ = '\0';
        enum pl_status status = pl_route_find(routes, verb, path, &arena, &route, &allow);
        if (status == PL_OK)
            check(&route, verb);
        pl_assert((status == PL_METHOD_NOT_ALLOWED) == (allow != NULL));
    }
    pl_arena_fini(&arena);
    pl_routes_free(routes);
    return 0;
}
