/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What a WebSocket is closed with: a code by which a client knows whether to come back, and the reason. Pure. */
#ifndef PL_GATEWAY_WEBSOCKET_CLOSE_H
#define PL_GATEWAY_WEBSOCKET_CLOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "sdk/c/src/error.h"

#define PL_WS_REASON_BYTES_MAX 123 /* RFC 6455 section 5.5 */

/* RFC 6455 section 7.4.1 and IANA's registry; 4000 + HTTP status for what the client has to change. */
enum {
    PL_WS_NORMAL = 1000,
    PL_WS_GOING_AWAY = 1001,
    PL_WS_UNSUPPORTED_DATA = 1003,
    PL_WS_TOO_BIG = 1009,
    PL_WS_INTERNAL = 1011,
    PL_WS_SERVICE_RESTART = 1012,
    PL_WS_TRY_AGAIN_LATER = 1013,
    PL_WS_OWN = 4000,
};

struct pl_ws_close {
    uint16_t code;
    char reason[PL_WS_REASON_BYTES_MAX + 1]; /* "TOKEN_EXPIRED", or "INVALID_ARGUMENT: and a sentence" */
};

/* A status whose code is that of the table in docs/api/websocket.md. sentence NULL: the reason says it all. */
struct pl_ws_close pl_ws_close_of(enum pl_status status, const char *sentence);
/* With another code than the table's. */
struct pl_ws_close pl_ws_close_as(unsigned code, enum pl_status status, const char *sentence);
/* How the stream of parleyd ended; NULL: well. was_open: parleyd had said something. */
struct pl_ws_close pl_ws_close_of_failure(const struct pl_failure *failure, bool was_open);

#endif
