/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The handshake; from the 101 on, gateway/websocket has the connection. */
#include "gateway/stream.h"

#include <string.h>

#include "gateway/call_request.h"
#include "gateway/cors.h"
#include "gateway/websocket/websockets.h"

#define STREAM_PATH "/v1/stream"

bool pl_stream_is_at(const char *path)
{
    return strcmp(path, STREAM_PATH) == 0;
}

enum pl_status pl_stream_check_verb(const char *verb, const char **ret_allow)
{
    *ret_allow = "GET, OPTIONS";
    return strcmp(verb, "GET") == 0 ? PL_OK : PL_METHOD_NOT_ALLOWED;
}

static void refuse(struct pl_request *request, enum pl_status status, const char *sentence)
{
    struct pl_problem problem = {.status = status, .sentence = sentence};
    if (status == PL_UPGRADE_REQUIRED) {
        pl_request_add_header(request, "Upgrade", "websocket");
        pl_request_add_header(request, "Sec-WebSocket-Version", "13");
    }
    pl_request_fail(request, &problem);
}

/* In the request's arena until the 101 has been sent. */
struct offer {
    struct pl_request *request;
    struct pl_ws_client client;
    struct pl_unary_header headers[PL_WS_HEADERS_MAX];
};

static void upgraded(struct pl_http_socket *socket, void *context)
{
    const struct offer *offer = context;
    pl_websockets_add(offer->request->gateway->websockets, socket, &offer->client);
}

/* Browsers say from where a page comes that connects, and nothing else keeps a page of somebody else out. */
static bool is_origin_allowed(const struct pl_request *request)
{
    const char *origin = pl_http_header(request->http, "origin");
    return origin == NULL || pl_ws_is_same_host(origin, pl_http_header(request->http, "host")) ||
           pl_cors_allows(request->gateway->config.cors_origins, origin);
}

/* False after it has refused. */
static bool take_credentials(struct pl_request *request, struct offer *offer)
{
    static const struct pl_header_names names = {{"authorization", "x-api-key", "parley-user"}, 3};
    struct pl_problem problem;
    offer->client.headers = offer->headers;
    offer->client.request_id = request->id;
    offer->client.peer = pl_http_address(request->http);
    if (pl_call_request_forward(request, &names, offer->headers, &offer->client.header_count, &problem) != PL_OK) {
        pl_request_fail(request, &problem);
        return false;
    }
    offer->client.has_credentials =
        pl_http_header(request->http, "authorization") != NULL || pl_http_header(request->http, "x-api-key") != NULL;
    return true;
}

static void upgrade(struct pl_request *request, struct offer *offer, const char *key)
{
    struct pl_http_upgrade upgrade = {.upgraded = upgraded, .context = offer};
    char *accept = pl_arena_alloc(request->arena, PL_WS_ACCEPT_CHARS + 1);
    pl_ws_handshake_accept(key, accept);
    pl_request_add_header(request, "Upgrade", "websocket");
    pl_request_add_header(request, "Sec-WebSocket-Accept", accept);
    pl_request_add_header(request, "Sec-WebSocket-Protocol",
                          offer->client.format == PL_WS_JSON ? PL_WS_PROTOCOL_JSON : PL_WS_PROTOCOL_PROTO);
    pl_request_upgrade(request, &upgrade);
}

void pl_stream_answer(struct pl_request *request)
{
    struct pl_http_request *http = request->http;
    struct offer *offer = pl_arena_new(request->arena, struct offer);
    struct pl_ws_handshake handshake = {
        .upgrade = pl_http_header(http, "upgrade"),
        .connection = pl_http_header(http, "connection"),
        .version = pl_http_header(http, "sec-websocket-version"),
        .key = pl_http_header(http, "sec-websocket-key"),
        .protocols = pl_http_header(http, "sec-websocket-protocol"),
    };
    const char *sentence = NULL;
    request->route = STREAM_PATH;
    offer->request = request;
    enum pl_status status = pl_ws_handshake_read(&handshake, &offer->client.format, &sentence);
    if (status == PL_OK && !pl_http_can_upgrade(http)) {
        status = PL_MALFORMED_REQUEST;
        sentence = "a handshake is a GET in HTTP/1.1 without a body, and nothing follows it before its answer";
    } else if (status == PL_OK && !is_origin_allowed(request)) {
        status = PL_PERMISSION_DENIED;
        sentence = "pages of this origin may not connect here";
    } else if (status == PL_OK) {
        status = pl_websockets_admit(request->gateway->websockets);
    }
    if (status != PL_OK)
        refuse(request, status, sentence);
    else if (take_credentials(request, offer))
        upgrade(request, offer, handshake.key);
}
