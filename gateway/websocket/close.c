/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The table of docs/api/websocket.md. */
#include "gateway/websocket/close.h"

#include <stdio.h>
#include <string.h>

static unsigned code_of(enum pl_status status)
{
    int http = pl_status_http(status);
    if (status == PL_OK)
        return PL_WS_NORMAL;
    if (status == PL_DRAINING)
        return PL_WS_SERVICE_RESTART;
    if (status == PL_MESSAGE_TOO_LARGE)
        return PL_WS_TOO_BIG;
    if (http == 429 || http == 503 || http == 504 || status == PL_CANCELLED)
        return PL_WS_TRY_AGAIN_LATER;
    return http >= 500 ? PL_WS_INTERNAL : PL_WS_OWN + (unsigned)http;
}

/* A text may be cut, but not within a character. */
static void cut(char *text)
{
    size_t bytes = PL_WS_REASON_BYTES_MAX;
    if (strlen(text) < bytes)
        return;
    while (bytes > 0 && ((unsigned char)text[bytes] & 0xc0) == 0x80)
        bytes--;
    text[bytes] = '\0';
}

static struct pl_ws_close make(unsigned code, const char *reason, const char *sentence)
{
    struct pl_ws_close close = {.code = (uint16_t)code};
    char text[PL_WS_REASON_BYTES_MAX + 5]; /* room for the character at which it is cut */
    snprintf(text, sizeof text, "%s%s%s", reason, sentence != NULL ? ": " : "", sentence != NULL ? sentence : "");
    cut(text);
    memcpy(close.reason, text, strlen(text) + 1);
    return close;
}

struct pl_ws_close pl_ws_close_as(unsigned code, enum pl_status status, const char *sentence)
{
    return make(code, pl_status_reason(status), sentence);
}

struct pl_ws_close pl_ws_close_of(enum pl_status status, const char *sentence)
{
    return pl_ws_close_as(code_of(status), status, sentence);
}

/* The connection broke, or there is none: the first heals by coming back, the second takes a while. */
static struct pl_ws_close unreachable(bool was_open)
{
    return pl_ws_close_as(was_open ? PL_WS_SERVICE_RESTART : PL_WS_TRY_AGAIN_LATER, PL_UNAVAILABLE, NULL);
}

struct pl_ws_close pl_ws_close_of_failure(const struct pl_failure *failure, bool was_open)
{
    enum pl_status status = failure == NULL ? PL_OK : (enum pl_status)failure->status;
    if (failure == NULL)
        return make(PL_WS_NORMAL, "", NULL);
    if (failure->status == PARLEY_UNREACHABLE)
        return unreachable(was_open);
    if ((unsigned)failure->status >= PL_STATUS_COUNT || failure->domain[0] == '\0')
        return pl_ws_close_of((unsigned)failure->status >= PL_STATUS_COUNT ? PL_INTERNAL : status, NULL);
    bool is_plain = strcmp(failure->sentence, pl_status_sentence(status)) == 0;
    return make(code_of(status), failure->reason, is_plain ? NULL : failure->sentence);
}
