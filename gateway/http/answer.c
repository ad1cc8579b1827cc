/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The body is never copied: it lives in the request's arena until libmicrohttpd has sent it. */
#include "gateway/http/answer.h"

#include <string.h>

#include "base/log.h"
#include "gateway/http/gzip.h"
#include "gateway/http/request.h"
#include "gateway/http/server.h"
#include "gateway/http/upgrade.h"

enum { GZIP_BYTES_MIN = 1024 };

static const char *find_header(const struct pl_http_reply *reply, const char *name)
{
    for (unsigned i = 0; i < reply->header_count; i++)
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    return NULL;
}

static bool is_compressible(const struct pl_http_reply *reply)
{
    static const char *const kinds[] = {"text/", "json", "yaml", "javascript", "svg"};

    if (reply->body_bytes <= GZIP_BYTES_MIN || reply->content_type == NULL ||
        find_header(reply, MHD_HTTP_HEADER_CONTENT_ENCODING) != NULL)
        return false;
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strstr(reply->content_type, kinds[i]) != NULL)
            return true;
    return false;
}

/* A value that MHD does not take (a line break in it) would be our own bug, but not worth the answer. */
static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES)
        pl_log(PL_LOG_ERROR, "header_dropped", PL_LOG_TEXT("name", name));
}

static bool compress(struct pl_http_request *request)
{
    struct pl_http_reply *reply = &request->reply;
    size_t bytes;

    if (!pl_gzip_accepted(pl_http_header(request, MHD_HTTP_HEADER_ACCEPT_ENCODING)))
        return false;
    const void *body = pl_gzip_compress(request->server->gzip, reply->body, reply->body_bytes, &request->arena, &bytes);
    if (body == NULL)
        return false;
    reply->body = body;
    reply->body_bytes = bytes;
    return true;
}

/* After a fault, or bytes that were dropped, nobody knows where the next request begins. */
static bool must_close(const struct pl_http_request *request)
{
    return request->reply.close || request->framing.status != PL_OK || request->framing.excess ||
           atomic_load(&request->late) || atomic_load(&request->server->draining);
}

static void add_headers(struct MHD_Response *response, const struct pl_http_request *request, bool compressible,
                        bool compressed)
{
    const struct pl_http_reply *reply = &request->reply;

    if (reply->content_type != NULL)
        add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
    for (unsigned i = 0; i < reply->header_count; i++)
        add_header(response, reply->headers[i].name, reply->headers[i].value);
    if (compressible)
        add_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    if (compressed)
        add_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    if (must_close(request))
        add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

static enum MHD_Result switch_protocols(struct pl_http_request *request)
{
    struct MHD_Response *response = MHD_create_response_for_upgrade(pl_http_take_over, NULL);

    if (response == NULL)
        return MHD_NO;
    for (unsigned i = 0; i < request->upgrade.header_count; i++)
        add_header(response, request->upgrade.headers[i].name, request->upgrade.headers[i].value);
    enum MHD_Result result = MHD_queue_response(request->connection, MHD_HTTP_SWITCHING_PROTOCOLS, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result pl_http_answer(struct pl_http_request *request)
{
    if (request->upgrade.upgraded != NULL)
        return switch_protocols(request);
    request->refused = request->framing.status != PL_OK;
    bool compressible = is_compressible(&request->reply);
    bool compressed = compressible && compress(request);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(request->reply.body_bytes, (void *)request->reply.body, MHD_RESPMEM_PERSISTENT);

    if (response == NULL)
        return MHD_NO;
    add_headers(response, request, compressible, compressed);
    enum MHD_Result result = MHD_queue_response(request->connection, request->reply.status, response);
    MHD_destroy_response(response);
    return result;
}
