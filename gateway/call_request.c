/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Each step refuses by setting the problem; the first refusal ends it. */
#include "gateway/call_request.h"

#include <string.h>

#include "gateway/etag.h"
#include "gateway/media_type.h"
#include "gateway/query.h"

static enum pl_status refuse(struct pl_problem *ret_problem, enum pl_status status, const char *sentence)
{
    *ret_problem = (struct pl_problem){.status = status, .sentence = sentence};
    return status;
}

/* Of a field, as JSON found it. */
static enum pl_status refuse_field(const struct pl_request *request, const struct pl_json_problem *found,
                                   struct pl_problem *ret_problem)
{
    bool has_path = found->path[0] != '\0';
    const char *sentence = pl_arena_printf(request->arena, "%s%s%s", found->path, has_path ? " " : "", found->sentence);
    refuse(ret_problem, found->status, sentence);
    if (has_path)
        ret_problem->field = pl_arena_copy(request->arena, found->path, strlen(found->path));
    return found->status;
}

/* Nothing, or {} as some clients send with every PUT. */
static bool is_empty(const char *text, size_t bytes)
{
    static const char empty[] = "{}";
    unsigned found = 0;
    for (size_t at = 0; at < bytes; at++)
        if (strchr(" \t\r\n", text[at]) == NULL && (found == 2 || text[at] != empty[found++]))
            return false;
    return found != 1;
}

static enum pl_status check_body(const struct pl_request *request, const struct pl_route *route,
                                 struct pl_problem *ret_problem)
{
    size_t bytes = 0;
    const char *encoding = pl_http_header(request->http, "content-encoding");
    const char *body = (const char *)pl_http_body(request->http, &bytes);
    if (bytes == 0)
        return PL_OK;
    if (route->http->body[0] == '\0' && !is_empty(body, bytes))
        return refuse(ret_problem, PL_INVALID_ARGUMENT, "this call takes no body: say it in the path and the query");
    if (route->http->body[0] == '\0')
        return PL_OK;
    if (!pl_media_type_is_json(pl_http_header(request->http, "content-type")))
        return refuse(ret_problem, PL_UNSUPPORTED_MEDIA_TYPE,
                      "send the body with the header content-type: application/json");
    if (encoding != NULL && strcmp(encoding, "identity") != 0)
        return refuse(ret_problem, PL_UNSUPPORTED_MEDIA_TYPE, "send the body uncompressed, without content-encoding");
    return PL_OK;
}

static enum pl_status read_body(const struct pl_request *request, const struct pl_route *route,
                                ProtobufCMessage **ret_message, struct pl_problem *ret_problem)
{
    struct pl_json_problem found;
    size_t bytes = 0;
    const char *text = (const char *)pl_http_body(request->http, &bytes);
    enum pl_status status = check_body(request, route, ret_problem);
    if (status != PL_OK)
        return status;
    if (route->http->body[0] == '\0')
        bytes = 0;
    status = pl_json_read(text, bytes, route->method->input, request->arena, ret_message, &found);
    return status == PL_OK ? PL_OK : refuse_field(request, &found, ret_problem);
}

static enum pl_status read_variables(const struct pl_request *request, const struct pl_route *route,
                                     ProtobufCMessage *message, struct pl_problem *ret_problem)
{
    for (unsigned i = 0; i < route->variable_count; i++) {
        const struct pl_route_variable *variable = &route->variables[i];
        struct pl_json_problem found;
        if (pl_json_set(message, variable->name, variable->value, request->arena, &found) != PL_OK)
            return refuse_field(request, &found, ret_problem);
    }
    return PL_OK;
}

static enum pl_status read_query(const struct pl_request *request, const struct pl_route *route,
                                 ProtobufCMessage *message, struct pl_problem *ret_problem)
{
    const char *query = pl_http_query(request->http);
    struct pl_json_problem found;
    if (query[0] != '\0' && route->http->body[0] != '\0')
        return refuse(ret_problem, PL_UNKNOWN_FIELD, "this call takes no query: say it in the body");
    if (pl_query_read(query, message, request->arena, &found) != PL_OK)
        return refuse_field(request, &found, ret_problem);
    return PL_OK;
}

/* A condition that cannot be kept is refused: to ignore it would change what the caller wants unchanged. */
static enum pl_status read_if_match(const struct pl_request *request, const struct pl_route *route,
                                    ProtobufCMessage *message, struct pl_problem *ret_problem)
{
    const char *if_match = pl_http_header(request->http, "if-match");
    struct pl_json_problem found;
    const char *etags;
    if (if_match == NULL || strcmp(route->http->verb, "GET") == 0)
        return PL_OK;
    if (protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "etag") == NULL)
        return refuse(ret_problem, PL_INVALID_ARGUMENT, "this call does not know If-Match");
    if (pl_etag_parse(if_match, request->arena, &etags) != PL_OK)
        return refuse(ret_problem, PL_INVALID_ARGUMENT, "If-Match must be entity tags of ETag, in quotes, or *");
    if (etags[0] != '\0' && pl_json_set(message, "etag", etags, request->arena, &found) != PL_OK)
        return refuse_field(request, &found, ret_problem);
    return PL_OK;
}

static bool is_visible(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text >= 0x7f)
            return false;
    return true;
}

enum pl_status pl_call_request_forward(const struct pl_request *request, const struct pl_header_names *names,
                                       struct pl_unary_header *ret_headers, unsigned *ret_count,
                                       struct pl_problem *ret_problem)
{
    ret_headers[(*ret_count)++] = (struct pl_unary_header){.name = "x-request-id", .value = request->id};
    for (unsigned i = 0; i < names->count; i++) {
        const char *value = pl_http_header(request->http, names->list[i]);
        if (value == NULL)
            continue;
        if (pl_http_header_lines(request->http, names->list[i]) > 1)
            return refuse(ret_problem, PL_MALFORMED_REQUEST,
                          pl_arena_printf(request->arena, "the header %s was sent more than once", names->list[i]));
        if (!is_visible(value))
            return refuse(
                ret_problem, PL_INVALID_ARGUMENT,
                pl_arena_printf(request->arena, "the header %s must be of visible ASCII characters", names->list[i]));
        ret_headers[(*ret_count)++] = (struct pl_unary_header){.name = names->list[i], .value = value};
    }
    return PL_OK;
}

enum pl_status pl_call_request_read(const struct pl_request *request, const struct pl_route *route,
                                    struct pl_call_request *ret_call, struct pl_problem *ret_problem)
{
    static const struct pl_header_names forwarded = {{"authorization", "x-api-key", "parley-user", "idempotency-key"},
                                                     4};
    struct pl_call_request call = {.header_count = 0};
    enum pl_status status;
    if (!pl_media_type_accepts_json(pl_http_header(request->http, "accept")))
        return refuse(ret_problem, PL_NOT_ACCEPTABLE, NULL);
    status = pl_call_request_forward(request, &forwarded, call.headers, &call.header_count, ret_problem);
    if (status == PL_OK)
        status = read_body(request, route, &call.message, ret_problem);
    if (status == PL_OK)
        status = read_variables(request, route, call.message, ret_problem);
    if (status == PL_OK)
        status = read_query(request, route, call.message, ret_problem);
    if (status == PL_OK)
        status = read_if_match(request, route, call.message, ret_problem);
    if (status == PL_OK)
        *ret_call = call;
    return status;
}
