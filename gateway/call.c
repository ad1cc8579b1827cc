/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * On the loop of its connection the message is built (gateway/call_request.c) and the call started; there, too, its
 * answer becomes JSON, or a problem. Everything lives in the request's arena but what parleyd answers, which has an
 * arena of its own: it is freed as soon as it is written as JSON.
 */
#include "gateway/call.h"

#include <string.h>

#include "base/log.h"
#include "gateway/call_request.h"
#include "gateway/etag.h"
#include "gateway/metrics.h"

#define REPLY_BYTES_MAX (128 << 20)
#define PAUSE_MS 1000
#define REST_S_MAX 3600

struct call {
    struct pl_request *request;
    struct pl_route route;
    struct pl_call_request message;
    struct pl_upstream_call upstream;
    struct pl_poll_call poll; /* of a method that rests, instead */
    struct pl_arena arena;    /* of what parleyd answers */
};

static bool is_get(const struct call *call)
{
    return strcmp(call->route.http->verb, "GET") == 0;
}

/* A call that broke may have been done, unless it cannot have been sent, or changes nothing. */
static struct pl_problem unreachable(const struct call *call, const struct pl_failure *failure)
{
    struct pl_problem problem = {.status = PL_UNAVAILABLE, .retry_after_ms = PAUSE_MS};
    problem.sentence = "the message server cannot be reached; retry after a pause";
    if (!failure->unsent && !is_get(call)) {
        problem.status = PL_OUTCOME_UNKNOWN;
        problem.sentence = "the message server went away before it answered; retry with the same message_id or "
                           "Idempotency-Key";
    }
    return problem;
}

static struct pl_problem problem_of(const struct call *call, const struct pl_failure *failure)
{
    struct pl_problem problem = {.status = (enum pl_status)failure->status};
    if (failure->status == PARLEY_UNREACHABLE)
        return unreachable(call, failure);
    if ((unsigned)failure->status >= PL_STATUS_COUNT) {
        pl_log(PL_LOG_ERROR, "upstream_reply_bad", PL_LOG_TEXT("method", call->route.method->path),
               PL_LOG_TEXT("request_id", call->request->id));
        return (struct pl_problem){.status = PL_INTERNAL};
    }
    problem.reason = failure->reason;
    /* What gRPC itself says is about connections, not for callers. */
    problem.sentence = failure->domain[0] != '\0' ? failure->sentence : NULL;
    problem.metadata = failure->metadata;
    problem.metadata_count = failure->metadata_count;
    problem.retry_after_ms = failure->retry_after_ms;
    return problem;
}

/* A string field of a message; NULL when it has none of that name. */
static const char *text_of(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    const char *text;
    if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING || field->label == PROTOBUF_C_LABEL_REPEATED)
        return NULL;
    memcpy(&text, (const char *)message + field->offset, sizeof text);
    return text;
}

/* The template with the reply's fields in the place of its variables. */
static const char *location_of(const char *template, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const char *location = "";
    const char *open;
    while ((open = strchr(template, '{')) != NULL) {
        const char *close = strchr(open, '}');
        const char *name = pl_arena_copy(arena, open + 1, (size_t)(close - open) - 1);
        const char *text = text_of(reply, name);
        pl_assert(text != NULL);
        location = pl_arena_printf(arena, "%s%.*s%s", location, (int)(open - template), template, text);
        template = close + 1;
    }
    return pl_arena_printf(arena, "%s%s", location, template);
}

/* The headers that the reply itself yields; true when the client has it already. */
static bool add_reply_headers(struct call *call, const ProtobufCMessage *reply, const struct pl_buf *body)
{
    struct pl_request *request = call->request;
    const char *location = call->route.method->location;
    const char *text = text_of(reply, "etag");
    bool tagged = text != NULL && text[0] != '\0';
    const char *etag = tagged ? pl_etag_format(text, body->data, body->bytes, request->arena) : NULL;
    if (location != NULL && location[0] != '\0')
        pl_request_add_header(request, "Location", location_of(location, reply, request->arena));
    if (etag != NULL)
        pl_request_add_header(request, "ETag", etag);
    pl_request_add_header(request, "Cache-Control", etag != NULL ? "private, no-cache" : "no-store");
    return etag != NULL && is_get(call) && pl_etag_matches(pl_http_header(request->http, "if-none-match"), etag);
}

static void succeed(struct call *call, const ProtobufCMessage *reply)
{
    struct pl_request *request = call->request;
    struct pl_problem too_large = {.status = PL_INTERNAL};
    struct pl_buf *buf = pl_request_new_buf(request);
    struct pl_answer answer = {.status = call->route.method->location != NULL ? 201 : 200};
    pl_json_write(buf, reply);
    if (buf->overflowed) {
        pl_request_fail(request, &too_large);
        return;
    }
    if (add_reply_headers(call, reply, buf)) {
        answer.status = 304;
    } else {
        answer.content_type = "application/json";
        answer.body = buf->data;
        answer.body_bytes = buf->bytes;
    }
    pl_arena_fini(&call->arena);
    pl_request_answer(request, &answer);
}

static void finish(struct call *call, const struct pl_async_call *async)
{
    if (async->status == PARLEY_OK) {
        succeed(call, async->reply);
    } else {
        struct pl_problem problem = problem_of(call, &async->failure);
        pl_request_fail(call->request, &problem);
    }
}

/* parleyd writes the values; they are copied, for its answer is gone before this one is. */
static void add_rate_limit(struct pl_request *request, const struct pl_http2_call *answer)
{
    if (answer->ratelimit != NULL)
        pl_request_add_header(request, "RateLimit", pl_arena_printf(request->arena, "%s", answer->ratelimit));
    if (answer->ratelimit_policy != NULL)
        pl_request_add_header(request, "RateLimit-Policy",
                              pl_arena_printf(request->arena, "%s", answer->ratelimit_policy));
}

static void on_done(struct pl_upstream_call *upstream)
{
    struct call *call = pl_container_of(upstream, struct call, upstream);
    add_rate_limit(call->request, &upstream->http2);
    finish(call, &upstream->async);
}

static void refuse_full(struct pl_request *request)
{
    struct pl_problem problem = {.status = PL_OVERLOADED, .retry_after_ms = PAUSE_MS};
    pl_metrics_add(&request->gateway->metrics, PL_METRIC_gateway_requests_refused_total, 1);
    pl_request_fail(request, &problem);
}

static void free_arena(void *arena)
{
    pl_arena_fini(arena);
}

static void fill_in(struct call *call, struct pl_async_call *async)
{
    async->arena = &call->arena;
    async->unary = (struct pl_unary){
        .path = call->route.method->path,
        .request = call->message.message,
        .reply = call->route.method->output,
        .headers = call->message.headers,
        .header_count = call->message.header_count,
        .trusted = true,
    };
}

/* ---- methods that rest ---- */

/* What such a method says when it has nothing to say: this gateway stops, or nobody listens any more. */
static void succeed_empty(struct call *call)
{
    const ProtobufCMessageDescriptor *output = call->route.method->output;
    ProtobufCMessage *empty = pl_arena_alloc(call->request->arena, output->sizeof_message);
    output->message_init(empty);
    succeed(call, empty);
}

static void on_poll_ended(struct pl_poll_call *poll)
{
    pl_http_unwatch(pl_container_of(poll, struct call, poll)->request->http);
}

static void on_poll_done(struct pl_poll_call *poll)
{
    struct call *call = pl_container_of(poll, struct call, poll);
    if (poll->is_cut)
        succeed_empty(call);
    else
        finish(call, &poll->async);
}

static void on_poll_gone(void *context)
{
    struct call *call = context;
    pl_polls_cut(call->request->gateway->polls, &call->poll);
}

/* parleyd refuses what is out of its bounds, and need not be waited for. */
static int64_t rest_ms(const struct call *call)
{
    const ProtobufCMessage *message = call->message.message;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, call->route.method->wait_field);
    int32_t wait_s;
    memcpy(&wait_s, (const char *)message + field->offset, sizeof wait_s);
    return wait_s < 0 || wait_s > REST_S_MAX ? 0 : (int64_t)wait_s * 1000;
}

static void start_poll(struct call *call)
{
    struct pl_request *request = call->request;
    enum pl_status status;
    request->may_rest = true;
    call->poll.ended = on_poll_ended;
    call->poll.done = on_poll_done;
    call->poll.rest_ms = rest_ms(call);
    fill_in(call, &call->poll.async);
    pl_http_watch(request->http, on_poll_gone, call);
    status = pl_polls_start(request->gateway->polls, &call->poll);
    if (status == PL_OK)
        return;
    pl_http_unwatch(request->http);
    if (status == PL_DRAINING)
        succeed_empty(call);
    else
        refuse_full(request);
}

void pl_rest_call(struct pl_request *request, const struct pl_route *route)
{
    struct call *call = pl_arena_new(request->arena, struct call);
    struct pl_problem problem;
    request->route = route->http->template;
    if (pl_call_request_read(request, route, &call->message, &problem) != PL_OK) {
        pl_request_fail(request, &problem);
        return;
    }
    call->request = request;
    call->route = *route;
    pl_arena_init(&call->arena, REPLY_BYTES_MAX);
    pl_arena_defer(request->arena, free_arena, &call->arena);
    if (route->method->wait_field != NULL) {
        start_poll(call);
        return;
    }
    call->upstream.done = on_done;
    fill_in(call, &call->upstream.async);
    if (!pl_upstream_start(request->gateway->upstream, pl_http_loop(request->http), &call->upstream))
        refuse_full(request);
}
