/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Tokens of lists are compared without case, as HTTP's are; subprotocols are compared as they are written. */
#include "gateway/websocket/handshake.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define KEY_CHARS 24
#define SHA1_BYTES 20

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/* The next of a comma-separated list, without the blanks around it; false at the end. */
static bool take_token(const char **list, const char **ret_token, size_t *ret_bytes)
{
    const char *at = *list + strspn(*list, " \t,");
    size_t bytes = strcspn(at, ",");
    *list = at + bytes;
    while (bytes > 0 && strchr(" \t", at[bytes - 1]) != NULL)
        bytes--;
    *ret_token = at;
    *ret_bytes = bytes;
    return bytes > 0;
}

static bool has_token(const char *list, const char *wanted)
{
    const char *token;
    size_t bytes;
    while (list != NULL && take_token(&list, &token, &bytes))
        if (bytes == strlen(wanted) && strncasecmp(token, wanted, bytes) == 0)
            return true;
    return false;
}

static bool is_protocol(const char *token, size_t bytes, const char *protocol)
{
    return bytes == strlen(protocol) && memcmp(token, protocol, bytes) == 0;
}

static bool choose_format(const char *protocols, enum pl_ws_format *ret_format)
{
    const char *token;
    size_t bytes;
    while (protocols != NULL && take_token(&protocols, &token, &bytes)) {
        if (is_protocol(token, bytes, PL_WS_PROTOCOL_PROTO)) {
            *ret_format = PL_WS_PROTO;
            return true;
        }
        if (is_protocol(token, bytes, PL_WS_PROTOCOL_JSON)) {
            *ret_format = PL_WS_JSON;
            return true;
        }
    }
    return false;
}

/* Base64 of 16 bytes. */
static bool is_key(const char *key)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return key != NULL && strspn(key, digits) == KEY_CHARS - 2 && strcmp(key + KEY_CHARS - 2, "==") == 0;
}

enum pl_status pl_ws_handshake_read(const struct pl_ws_handshake *handshake, enum pl_ws_format *ret_format,
                                    const char **ret_sentence)
{
    if (!has_token(handshake->upgrade, "websocket") || !has_token(handshake->connection, "upgrade")) {
        *ret_sentence = "this path speaks WebSocket: send Connection: Upgrade and Upgrade: websocket";
        return PL_UPGRADE_REQUIRED;
    }
    if (handshake->version == NULL || strcmp(handshake->version, "13") != 0) {
        *ret_sentence = "the version of WebSocket spoken here is 13";
        return PL_UPGRADE_REQUIRED;
    }
    if (!is_key(handshake->key)) {
        *ret_sentence = "Sec-WebSocket-Key must be 16 bytes in base64";
        return PL_MALFORMED_REQUEST;
    }
    if (!choose_format(handshake->protocols, ret_format)) {
        *ret_sentence =
            "Sec-WebSocket-Protocol must name " PL_WS_PROTOCOL_PROTO " (binary) or " PL_WS_PROTOCOL_JSON " (text)";
        return PL_INVALID_ARGUMENT;
    }
    return PL_OK;
}

void pl_ws_handshake_accept(const char *key, char ret_accept[PL_WS_ACCEPT_CHARS + 1])
{
    char text[KEY_CHARS + sizeof guid];
    unsigned char digest[SHA1_BYTES];
    int chars = snprintf(text, sizeof text, "%s%s", key, guid);
    pl_assert(chars == (int)sizeof text - 1);
    pl_assert(EVP_Digest(text, (size_t)chars, digest, NULL, EVP_sha1(), NULL) == 1);
    pl_assert(EVP_EncodeBlock((unsigned char *)ret_accept, digest, SHA1_BYTES) == PL_WS_ACCEPT_CHARS);
}

bool pl_ws_is_same_host(const char *origin, const char *host)
{
    const char *slashes = strstr(origin, "://");
    return slashes != NULL && host != NULL && strcasecmp(slashes + 3, host) == 0;
}
