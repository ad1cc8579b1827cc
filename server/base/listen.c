/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Addresses are numeric: a name may stand for several addresses, and one listener serves one. [::] takes IPv4 too.
 * SO_REUSEADDR, so that a restart does not wait for old connections, but not SO_REUSEPORT, so that two servers never
 * share.
 */
#include "base/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOST_BYTES = 64, PORT_BYTES = 6 };

static bool copy_port(const char *text, char ret_port[PORT_BYTES])
{
    size_t bytes = strlen(text);

    if (bytes == 0 || bytes >= PORT_BYTES || strspn(text, "0123456789") != bytes || strtol(text, NULL, 10) > 65535)
        return false;
    memcpy(ret_port, text, bytes + 1);
    return true;
}

/* The host without brackets, and the port. */
static bool split(const char *address, char ret_host[HOST_BYTES], char ret_port[PORT_BYTES])
{
    static const char loopback[] = "127.0.0.1";
    const char *colon = strrchr(address, ':');

    if (colon == NULL || !copy_port(colon + 1, ret_port))
        return false;
    size_t bytes = (size_t)(colon - address);
    if (bytes == 0 || (bytes == 9 && memcmp(address, "localhost", 9) == 0)) {
        memcpy(ret_host, loopback, sizeof(loopback));
        return true;
    }
    bool bracketed = bytes > 2 && address[0] == '[' && address[bytes - 1] == ']';
    if (bracketed) {
        address++;
        bytes -= 2;
    }
    if (bytes >= HOST_BYTES || (memchr(address, ':', bytes) != NULL) != bracketed)
        return false;
    memcpy(ret_host, address, bytes);
    ret_host[bytes] = '\0';
    return true;
}

static struct addrinfo *resolve(const char *address)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char host[HOST_BYTES];
    char port[PORT_BYTES];

    if (!split(address, host, port) || getaddrinfo(host, port, &hints, &found) != 0)
        return NULL;
    return found;
}

/* The socket, or the errno below zero. */
static int listen_on(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    int off = 0;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int code = errno;
    close(fd);
    return -code;
}

static int port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.v6 = {0}};
    socklen_t bytes = sizeof(address);

    getsockname(fd, &address.any, &bytes);
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

/* NOLINTNEXTLINE(readability-function-size): one more parameter than usual, for a function called at start only. */
enum pl_status pl_listen(const char *setting, const char *address, int *ret_fd, int *ret_port, char *error,
                         unsigned error_bytes)
{
    struct addrinfo *info = resolve(address);

    if (info == NULL) {
        snprintf(error, error_bytes,
                 "%s: \"%.100s\" is not an address; it takes 127.0.0.1:9090, [::1]:9090 or localhost:9090", setting,
                 address);
        return PL_INVALID_ARGUMENT;
    }
    int fd = listen_on(info);
    freeaddrinfo(info);
    if (fd == -EADDRINUSE) {
        snprintf(error, error_bytes, "%s: %s is in use by another process", setting, address);
        return PL_UNAVAILABLE;
    }
    if (fd < 0) {
        snprintf(error, error_bytes, "%s: cannot listen on %s: %s", setting, address, strerror(-fd));
        return PL_UNAVAILABLE;
    }
    *ret_fd = fd;
    *ret_port = port_of(fd);
    return PL_OK;
}
