/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Nothing of a request but its verb, template, sizes and id is logged: paths and queries hold what users write. */
#include "gateway/request.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/uuid.h"
#include "gateway/cors.h"
#include "gateway/metrics.h"

#define REQUEST_ID_BYTES_MAX 128
#define ANSWER_BYTES_MAX (128 << 20)
#define RETRY_AFTER_MS 1000

static bool is_id(const char *text)
{
    size_t bytes = text != NULL ? strlen(text) : 0;
    if (bytes == 0 || bytes > REQUEST_ID_BYTES_MAX)
        return false;
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text >= 0x7f)
            return false;
    return true;
}

static const char *new_id(struct pl_arena *arena)
{
    struct pl_uuid uuid = pl_uuid_v7();
    char *text = pl_arena_alloc(arena, PL_UUID_TEXT_CHARS + 1);
    pl_uuid_format(&uuid, text);
    return text;
}

struct pl_request *pl_request_begin(struct pl_gateway *gateway, struct pl_http_request *http)
{
    struct pl_arena *arena = pl_http_arena(http);
    struct pl_request *request = pl_arena_new(arena, struct pl_request);
    const char *id = pl_http_header(http, "x-request-id");
    request->gateway = gateway;
    request->http = http;
    request->arena = arena;
    request->id = is_id(id) ? id : new_id(arena);
    request->route = "";
    request->started_us = pl_clock_now_us();
    pl_request_add_header(request, "X-Request-Id", request->id);
    pl_request_add_header(request, "X-Content-Type-Options", "nosniff");
    pl_cors_apply(request);
    return request;
}

void pl_request_add_header(struct pl_request *request, const char *name, const char *value)
{
    pl_assert(request->header_count < PL_REQUEST_HEADERS_MAX);
    request->headers[request->header_count++] = (struct pl_http_header){.name = name, .value = value};
}

static void free_buf(void *buf)
{
    pl_buf_fini(buf);
}

struct pl_buf *pl_request_new_buf(struct pl_request *request)
{
    struct pl_buf *buf = pl_arena_new(request->arena, struct pl_buf);
    pl_buf_init(buf, ANSWER_BYTES_MAX);
    pl_arena_defer(request->arena, free_buf, buf);
    return buf;
}

static void count(const struct pl_request *request, const struct pl_answer *answer)
{
    struct pl_metrics *metrics = &request->gateway->metrics;
    size_t bytes_in = 0;
    pl_http_body(request->http, &bytes_in);
    pl_metrics_add(metrics, PL_METRIC_gateway_requests_total + pl_http_class_of(answer->status), 1);
    pl_metrics_add(metrics, PL_METRIC_gateway_received_bytes_total, (int64_t)bytes_in);
    pl_metrics_add(metrics, PL_METRIC_gateway_sent_bytes_total, (int64_t)answer->body_bytes);
    if (!request->may_rest)
        pl_metrics_observe_us(metrics, PL_METRIC_gateway_request_seconds, pl_clock_now_us() - request->started_us);
}

static void log_answer(const struct pl_request *request, const struct pl_answer *answer)
{
    size_t bytes_in = 0;
    pl_http_body(request->http, &bytes_in);
    pl_log(PL_LOG_INFO, "request_finished", PL_LOG_TEXT("verb", pl_http_verb(request->http)),
           PL_LOG_TEXT("route", request->route), PL_LOG_NUMBER("status", answer->status),
           PL_LOG_TEXT("reason", answer->reason != NULL ? answer->reason : "OK"),
           PL_LOG_NUMBER("duration_us", pl_clock_now_us() - request->started_us),
           PL_LOG_NUMBER("bytes_in", (int64_t)bytes_in), PL_LOG_NUMBER("bytes_out", (int64_t)answer->body_bytes),
           PL_LOG_TEXT("peer", pl_http_address(request->http)), PL_LOG_TEXT("request_id", request->id));
}

void pl_request_answer(struct pl_request *request, const struct pl_answer *answer)
{
    struct pl_http_reply reply = {
        .status = answer->status,
        .content_type = answer->content_type,
        .body = answer->body,
        .body_bytes = answer->body_bytes,
        .headers = request->headers,
        .header_count = request->header_count,
    };
    count(request, answer);
    log_answer(request, answer);
    pl_http_reply(request->http, &reply);
}

void pl_request_upgrade(struct pl_request *request, struct pl_http_upgrade *upgrade)
{
    struct pl_answer answer = {.status = 101};
    upgrade->headers = request->headers;
    upgrade->header_count = request->header_count;
    /* Not one of the answers by class: gateway_websockets_opened_total counts these. */
    log_answer(request, &answer);
    pl_http_upgrade(request->http, upgrade);
}

/* In whole seconds, as the header has it. */
static void add_retry_after(struct pl_request *request, const struct pl_problem *problem, int http_status)
{
    int delay_ms = problem->retry_after_ms;
    if (delay_ms == 0 && (http_status == 429 || http_status == 503))
        delay_ms = RETRY_AFTER_MS;
    if (delay_ms > 0)
        pl_request_add_header(request, "Retry-After", pl_arena_printf(request->arena, "%d", (delay_ms + 999) / 1000));
}

void pl_request_fail(struct pl_request *request, const struct pl_problem *problem)
{
    struct pl_buf *buf = pl_request_new_buf(request);
    struct pl_answer answer = {.status = (unsigned)pl_status_http(problem->status),
                               .content_type = PL_PROBLEM_CONTENT_TYPE};
    answer.reason = problem->reason != NULL ? problem->reason : pl_status_reason(problem->status);
    pl_metrics_refuse(&request->gateway->metrics, PL_METRIC_gateway_problems_total, problem->status);
    add_retry_after(request, problem, pl_status_http(problem->status));
    if (answer.status == 401)
        pl_request_add_header(request, "WWW-Authenticate", "Bearer realm=\"parley\"");
    pl_request_add_header(request, "Cache-Control", "no-store");
    pl_problem_write(problem, pl_http_path(request->http), request->id, buf);
    answer.body = buf->data;
    answer.body_bytes = buf->bytes;
    pl_request_answer(request, &answer);
}
