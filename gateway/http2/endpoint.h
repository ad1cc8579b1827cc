/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to gateway/http2: where a server listens. */
#ifndef PL_GATEWAY_HTTP2_ENDPOINT_H
#define PL_GATEWAY_HTTP2_ENDPOINT_H

#include <netdb.h>
#include <stdbool.h>
#include <sys/un.h>

enum { PL_HTTP2_AUTHORITY_CHARS_MAX = 300 };

struct pl_http2_endpoint {
    bool is_unix;
    struct sockaddr_un path; /* of unix */
    char host[256];          /* of the others; without brackets */
    char port[6];
    char authority[PL_HTTP2_AUTHORITY_CHARS_MAX + 1]; /* for :authority */
};

/* host:port, [IPv6]:port or unix:/path. False when it is none of these. */
bool pl_http2_endpoint_parse(struct pl_http2_endpoint *endpoint, const char *text);
/* The addresses of the host, for freeaddrinfo; NULL: none was found. Blocks unless numeric is set, which finds those
 * only that are written as numbers. */
struct addrinfo *pl_http2_endpoint_look_up(const struct pl_http2_endpoint *endpoint, bool numeric);
/* A non-blocking socket that connects, or has; below 0 when it cannot. address: NULL of unix. Does not block. */
int pl_http2_endpoint_connect(const struct pl_http2_endpoint *endpoint, const struct addrinfo *address);

#endif
