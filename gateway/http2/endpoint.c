/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A peer that has vanished without a word is noticed by the kernel: TCP_USER_TIMEOUT for what was sent, else keepalive.
 */
#include "gateway/http2/endpoint.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PORT_MAX = 65535, VANISHED_MS = 10000, KEEPALIVE_S = 30, KEEPALIVE_INTERVAL_S = 5, KEEPALIVE_COUNT = 2 };

static bool parse_unix(struct pl_http2_endpoint *endpoint, const char *path)
{
    endpoint->is_unix = true;
    endpoint->path.sun_family = AF_UNIX;
    if (path[0] != '/' || strlen(path) >= sizeof endpoint->path.sun_path)
        return false;
    snprintf(endpoint->path.sun_path, sizeof endpoint->path.sun_path, "%s", path);
    snprintf(endpoint->authority, sizeof endpoint->authority, "localhost");
    return true;
}

static bool parse_port(struct pl_http2_endpoint *endpoint, const char *text)
{
    size_t chars = strlen(text);
    if (chars == 0 || chars >= sizeof endpoint->port || strspn(text, "0123456789") != chars)
        return false;
    snprintf(endpoint->port, sizeof endpoint->port, "%s", text);
    return atol(text) >= 1 && atol(text) <= PORT_MAX;
}

bool pl_http2_endpoint_parse(struct pl_http2_endpoint *endpoint, const char *text)
{
    const char *colon = strrchr(text, ':');
    *endpoint = (struct pl_http2_endpoint){.is_unix = false};
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(endpoint, text + 5);
    if (colon == NULL || colon == text || strpbrk(text, "/ \t@?#%") != NULL || !parse_port(endpoint, colon + 1))
        return false;
    size_t chars = (size_t)(colon - text);
    bool bracketed = text[0] == '[' && text[chars - 1] == ']';
    if (chars >= sizeof endpoint->host || (!bracketed && memchr(text, ':', chars) != NULL) || (bracketed && chars < 3))
        return false;
    memcpy(endpoint->host, text + bracketed, chars - (bracketed ? 2 : 0));
    snprintf(endpoint->authority, sizeof endpoint->authority, "%s", text);
    return true;
}

struct addrinfo *pl_http2_endpoint_look_up(const struct pl_http2_endpoint *endpoint, bool numeric)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | (numeric ? AI_NUMERICHOST : 0)};
    struct addrinfo *found;
    return getaddrinfo(endpoint->host, endpoint->port, &hints, &found) == 0 ? found : NULL;
}

static void set(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

static void tune(int fd)
{
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, VANISHED_MS);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_S);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

int pl_http2_endpoint_connect(const struct pl_http2_endpoint *endpoint, const struct addrinfo *address)
{
    const struct sockaddr *to = address != NULL ? address->ai_addr : (const struct sockaddr *)&endpoint->path;
    socklen_t bytes = address != NULL ? address->ai_addrlen : sizeof endpoint->path;
    int fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (address != NULL)
        tune(fd);
    if (connect(fd, to, bytes) == 0 || errno == EINPROGRESS)
        return fd;
    close(fd);
    return -1;
}
