/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The server's side of the opening handshake of RFC 6455 section 4.2, of an HTTP/1.1 GET. Pure. */
#ifndef PL_GATEWAY_WEBSOCKET_HANDSHAKE_H
#define PL_GATEWAY_WEBSOCKET_HANDSHAKE_H

#include <stdbool.h>

#include "base/status.h"

#define PL_WS_ACCEPT_CHARS 28
#define PL_WS_PROTOCOL_PROTO "parley.v1.proto"
#define PL_WS_PROTOCOL_JSON "parley.v1.json"

/* How frames are written in messages. */
enum pl_ws_format {
    PL_WS_PROTO, /* binary protobuf */
    PL_WS_JSON   /* text */
};

/* Headers of the request; NULL where there is none. */
struct pl_ws_handshake {
    const char *upgrade;
    const char *connection;
    const char *version;   /* Sec-WebSocket-Version */
    const char *key;       /* Sec-WebSocket-Key */
    const char *protocols; /* Sec-WebSocket-Protocol */
};

/*
 * PL_UPGRADE_REQUIRED (no WebSocket, or none of version 13), PL_MALFORMED_REQUEST (a bad key), PL_INVALID_ARGUMENT (no
 * subprotocol that is known here); *ret_sentence, static, then says more. The client's first choice counts.
 */
enum pl_status pl_ws_handshake_read(const struct pl_ws_handshake *handshake, enum pl_ws_format *ret_format,
                                    const char **ret_sentence) PL_MUST_CHECK;
/* Sec-WebSocket-Accept for a key that was read well. */
void pl_ws_handshake_accept(const char *key, char ret_accept[PL_WS_ACCEPT_CHARS + 1]);
/* The page was loaded from here: the host of its origin, "https://host:port", is that of the request. */
bool pl_ws_is_same_host(const char *origin, const char *host);

#endif
