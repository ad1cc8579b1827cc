/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Origins are compared as they are sent: browsers write them in one way. */
#include "gateway/cors.h"

#include <string.h>

#include "gateway/request.h"

#define SENDABLE                                                                                                       \
    "authorization, content-type, idempotency-key, if-match, if-none-match, parley-user, x-api-key, x-request-id"
#define READABLE "ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
#define PREFLIGHT_S "600"

bool pl_cors_allows(const char *origins, const char *origin)
{
    size_t wanted = strlen(origin);
    if (strcmp(origins, "*") == 0)
        return true;
    while (*origins != '\0') {
        size_t bytes = strcspn(origins, ", ");
        if (bytes > 0 && bytes == wanted && memcmp(origins, origin, bytes) == 0)
            return true;
        origins += bytes + (origins[bytes] != '\0');
    }
    return false;
}

static bool is_allowed(const struct pl_request *request)
{
    const char *origin = pl_http_header(request->http, "origin");
    return origin != NULL && pl_cors_allows(request->gateway->config.cors_origins, origin);
}

void pl_cors_apply(struct pl_request *request)
{
    const char *origins = request->gateway->config.cors_origins;
    bool all = strcmp(origins, "*") == 0;
    if (origins[0] != '\0' && !all)
        pl_request_add_header(request, "Vary", "Origin");
    if (!is_allowed(request))
        return;
    pl_request_add_header(request, "Access-Control-Allow-Origin", all ? "*" : pl_http_header(request->http, "origin"));
    pl_request_add_header(request, "Access-Control-Expose-Headers", READABLE);
}

void pl_cors_preflight(struct pl_request *request, const char *verbs)
{
    if (!is_allowed(request) || pl_http_header(request->http, "access-control-request-method") == NULL)
        return;
    pl_request_add_header(request, "Access-Control-Allow-Methods", verbs);
    pl_request_add_header(request, "Access-Control-Allow-Headers", SENDABLE);
    pl_request_add_header(request, "Access-Control-Max-Age", PREFLIGHT_S);
}
