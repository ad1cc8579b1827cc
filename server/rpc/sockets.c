/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A unix socket's file outlives a killed server. It is taken over when nobody answers on it, and only then.
 */
#include "rpc/sockets.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"

enum { BACKLOG = 1024, HOST_BYTES = 256, PORT_BYTES = 8 };

struct sentence {
    char *text;
    unsigned bytes;
};

static enum pl_status refuse_address(const char *address, struct sentence error)
{
    snprintf(error.text, error.bytes, "grpc-listen: \"%s\" is not host:port, [v6 address]:port or unix:/path", address);
    return PL_INVALID_ARGUMENT;
}

static enum pl_status refuse_socket(const char *address, int code, struct sentence error)
{
    if (code == EADDRINUSE)
        snprintf(error.text, error.bytes, "grpc-listen: %s is in use by another process", address);
    else
        snprintf(error.text, error.bytes, "grpc-listen: cannot listen on %s: %s", address, strerror(code));
    return PL_UNAVAILABLE;
}

/* 0, or the errno. Closes the socket on failure. */
static int listen_on(int fd, const struct sockaddr *address, socklen_t bytes)
{
    if (bind(fd, address, bytes) == 0 && listen(fd, BACKLOG) == 0)
        return 0;
    int code = errno;
    close(fd);
    return code;
}

static bool somebody_answers(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answers = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

    if (fd >= 0)
        close(fd);
    return answers;
}

static void remove_stale(const struct sockaddr_un *address)
{
    struct stat info;

    if (lstat(address->sun_path, &info) == 0 && S_ISSOCK(info.st_mode) && !somebody_answers(address))
        unlink(address->sun_path);
}

static enum pl_status open_unix(const char *path, struct pl_sockets *sockets, struct sentence error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;
    int code;

    if (path[0] != '/' || strlen(path) >= sizeof(address.sun_path)) {
        snprintf(error.text, error.bytes, "grpc-listen: unix:%s needs an absolute path of at most %zu bytes", path,
                 sizeof(address.sun_path) - 1);
        return PL_INVALID_ARGUMENT;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    remove_stale(&address);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    code = fd < 0 ? errno : listen_on(fd, (struct sockaddr *)&address, sizeof(address));
    if (code != 0)
        return refuse_socket(path, code, error);
    sockets->fds[sockets->count++] = fd;
    sockets->unix_path = path;
    return PL_OK;
}

/* The host without brackets, and the port. */
static bool split(const char *address, char host[HOST_BYTES], char port[PORT_BYTES])
{
    const char *colon = strrchr(address, ':');
    size_t bytes = colon == NULL ? 0 : (size_t)(colon - address);

    if (bytes == 0 || bytes >= HOST_BYTES || colon[1] == '\0' || strlen(colon + 1) > 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    if (address[0] == '[' && address[bytes - 1] == ']') {
        address++;
        bytes -= 2;
    } else if (memchr(address, ':', bytes) != NULL) {
        return false;
    }
    memcpy(host, address, bytes);
    host[bytes] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return bytes > 0;
}

static void set_port(struct sockaddr *address, int port)
{
    if (address->sa_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)address)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)(void *)address)->sin_port = htons((uint16_t)port);
}

static int port_of(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t bytes = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &bytes) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

/* 0, or the errno. With port 0, the addresses after the first take the port that the first got. */
static int open_tcp(struct pl_sockets *sockets, const struct addrinfo *info)
{
    int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (sockets->port != 0)
        set_port(info->ai_addr, sockets->port);
    int code = listen_on(fd, info->ai_addr, info->ai_addrlen);
    if (code == 0) {
        sockets->port = port_of(fd);
        sockets->fds[sockets->count++] = fd;
    }
    return code;
}

static enum pl_status open_host(const char *address, struct pl_sockets *sockets, struct sentence error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    char host[HOST_BYTES];
    char port[PORT_BYTES];
    int code = 0;

    if (!split(address, host, port) || strtol(port, NULL, 10) > UINT16_MAX)
        return refuse_address(address, error);
    code = getaddrinfo(host, port, &hints, &found);
    if (code != 0) {
        snprintf(error.text, error.bytes, "grpc-listen: \"%s\" is not an address of a host: %s", host,
                 gai_strerror(code));
        return PL_INVALID_ARGUMENT;
    }
    for (struct addrinfo *at = found; at != NULL && code == 0 && sockets->count < PL_SOCKETS_MAX; at = at->ai_next) {
        code = open_tcp(sockets, at);
        if (code == EAFNOSUPPORT || (code == EADDRNOTAVAIL && at->ai_next != NULL))
            code = 0; /* a host name with IPv6 on a machine without */
    }
    freeaddrinfo(found);
    return code == 0 ? PL_OK : refuse_socket(address, code, error);
}

enum pl_status pl_sockets_open(const char *address, struct pl_sockets *ret_sockets, char *error, unsigned error_bytes)
{
    struct sentence sentence = {.text = error, .bytes = error_bytes};
    enum pl_status status;

    *ret_sockets = (struct pl_sockets){0};
    if (strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
        status = open_unix(address + strlen(UNIX_PREFIX), ret_sockets, sentence);
    else
        status = open_host(address, ret_sockets, sentence);
    if (status == PL_OK && ret_sockets->count == 0)
        status = refuse_socket(address, EADDRNOTAVAIL, sentence);
    if (status != PL_OK)
        pl_sockets_close(ret_sockets);
    return status;
}

void pl_sockets_close(struct pl_sockets *sockets)
{
    for (unsigned i = 0; i < sockets->count; i++)
        close(sockets->fds[i]);
    sockets->count = 0;
    if (sockets->unix_path != NULL) {
        unlink(sockets->unix_path);
        sockets->unix_path = NULL;
    }
}
