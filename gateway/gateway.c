/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Which part answers a request. */
#include "gateway/gateway.h"

#include <string.h>

#include "gateway/call.h"
#include "gateway/cors.h"
#include "gateway/request.h"
#include "gateway/stream.h"

/* OPTIONS: what the path takes, and to a browser that asks, what a page may send. */
static void answer_options(struct pl_request *request, const char *allow)
{
    struct pl_answer answer = {.status = 204};
    pl_request_add_header(request, "Allow", allow);
    pl_cors_preflight(request, allow);
    pl_request_answer(request, &answer);
}

static void refuse_verb(struct pl_request *request, const char *allow)
{
    struct pl_problem problem = {.status = PL_METHOD_NOT_ALLOWED};
    problem.sentence = pl_arena_printf(request->arena, "this path takes %s", allow);
    pl_request_add_header(request, "Allow", allow);
    pl_request_fail(request, &problem);
}

static void refuse_route(struct pl_request *request, enum pl_status status)
{
    struct pl_problem problem = {.status = status};
    if (status == PL_MALFORMED_REQUEST)
        problem.sentence = "the path has a bad percent escape";
    pl_request_fail(request, &problem);
}

static void answer_page(struct pl_request *request, const struct pl_web_page *page)
{
    struct pl_answer answer = {
        .status = 200, .content_type = page->content_type, .body = page->body, .body_bytes = page->body_bytes};
    request->route = page->path;
    for (unsigned i = 0; i < page->header_count; i++)
        pl_request_add_header(request, page->headers[i].name, page->headers[i].value);
    pl_request_answer(request, &answer);
}

/* PL_METHOD_NOT_ALLOWED when there is a page at this path, and it is not asked with GET. */
static enum pl_status find_page(const struct pl_request *request, const char *verb, const struct pl_web_page **ret_page,
                                const char **ret_allow)
{
    const struct pl_web_page *page = pl_web_pages_find(request->gateway->pages, pl_http_path(request->http));
    if (page == NULL)
        return PL_ROUTE_NOT_FOUND;
    *ret_allow = "GET, HEAD, OPTIONS";
    if (strcmp(verb, "GET") != 0)
        return PL_METHOD_NOT_ALLOWED;
    *ret_page = page;
    return PL_OK;
}

void pl_gateway_handle(struct pl_http_request *http, void *context)
{
    struct pl_request *request = pl_request_begin(context, http);
    const char *verb = pl_http_verb(http);
    const char *allow = NULL;
    const char *path = pl_http_path(http);
    bool is_stream = pl_stream_is_at(path);
    const struct pl_web_page *page = NULL;
    struct pl_route route;
    enum pl_status status = is_stream
                                ? pl_stream_check_verb(verb, &allow)
                                : pl_route_find(request->gateway->routes, verb, path, request->arena, &route, &allow);
    if (status == PL_ROUTE_NOT_FOUND)
        status = find_page(request, verb, &page, &allow);
    if (is_stream && status == PL_OK)
        pl_stream_answer(request);
    else if (page != NULL)
        answer_page(request, page);
    else if (status == PL_OK)
        pl_rest_call(request, &route);
    else if (status != PL_METHOD_NOT_ALLOWED)
        refuse_route(request, status);
    else if (strcmp(verb, "OPTIONS") == 0)
        answer_options(request, allow);
    else
        refuse_verb(request, allow);
}

void pl_gateway_refuse(struct pl_http_request *http, enum pl_status status, const char *sentence, void *context)
{
    struct pl_problem problem = {.status = status, .sentence = sentence};
    pl_request_fail(pl_request_begin(context, http), &problem);
}
