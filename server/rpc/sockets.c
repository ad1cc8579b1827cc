/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A unix socket's file outlives a killed server. It is taken over when nobody listens on it, and only then. It gets its
 * mode between bind and listen: until it listens nobody can connect.
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

enum { BACKLOG = 1024, HOST_BYTES = 256, PORT_BYTES = 8, UNIX_MODE = 0660 };

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

static enum pl_status refuse_count(struct sentence error)
{
    snprintf(error.text, error.bytes, "grpc-listen: more than %d sockets", PL_SOCKETS_MAX);
    return PL_INVALID_ARGUMENT;
}

static void keep(struct pl_sockets *sockets, int fd)
{
    pl_assert(sockets->count < PL_SOCKETS_MAX);
    sockets->fds[sockets->count++] = fd;
}

static bool is_socket(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 && S_ISSOCK(info.st_mode);
}

/* Of a file that a server left behind connect says ECONNREFUSED; a full listen queue and a lack of rights say more. */
static bool is_stale(const struct sockaddr_un *address)
{
    int fd;
    bool stale;

    if (!is_socket(address->sun_path))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    stale = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return stale;
}

/* 0, or the errno; then there is neither a socket nor a file. */
static int listen_unix(const struct sockaddr_un *address, struct pl_sockets *sockets)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int code;

    if (fd < 0)
        return errno;
    if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
        code = errno;
        close(fd);
        return code;
    }
    if (chmod(address->sun_path, UNIX_MODE) == 0 && listen(fd, BACKLOG) == 0) {
        keep(sockets, fd);
        return 0;
    }
    code = errno;
    unlink(address->sun_path);
    close(fd);
    return code;
}

static enum pl_status open_unix(const char *path, struct pl_sockets *sockets, struct sentence error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int code;

    if (path[0] != '/' || strlen(path) >= sizeof(address.sun_path)) {
        snprintf(error.text, error.bytes, "grpc-listen: unix:%s needs an absolute path of at most %zu bytes", path,
                 sizeof(address.sun_path) - 1);
        return PL_INVALID_ARGUMENT;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (is_stale(&address))
        unlink(address.sun_path);
    code = listen_unix(&address, sockets);
    if (code == EADDRINUSE && !is_socket(path))
        code = EEXIST;
    return code == 0 ? PL_OK : refuse_socket(path, code, error);
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

/* The ports of IPv4 and IPv6 are at the same place of their addresses. */
static int port_of(int fd)
{
    struct sockaddr_in6 address = {0};
    socklen_t bytes = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &bytes) != 0)
        return 0;
    return ntohs(address.sin6_port);
}

/* 0, or the errno. */
static int listen_tcp(const struct addrinfo *info, struct pl_sockets *sockets)
{
    int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int code;

    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
        keep(sockets, fd);
        return 0;
    }
    code = errno;
    close(fd);
    return code;
}

/* With port 0, the addresses after the first take the port that the first got. */
static enum pl_status open_found(const char *address, struct addrinfo *found, struct pl_sockets *sockets,
                                 struct sentence error)
{
    unsigned first = sockets->count;

    for (struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        if (sockets->count == PL_SOCKETS_MAX)
            return refuse_count(error);
        if (sockets->count > first)
            set_port(at->ai_addr, port_of(sockets->fds[first]));
        int code = listen_tcp(at, sockets);
        /* A host name with IPv6 on a machine without is as good as its other addresses. */
        if (code != 0 && code != EAFNOSUPPORT && (code != EADDRNOTAVAIL || at->ai_next == NULL))
            return refuse_socket(address, code, error);
    }
    if (sockets->count == first)
        return refuse_socket(address, EADDRNOTAVAIL, error);
    if (sockets->port == 0)
        sockets->port = port_of(sockets->fds[first]);
    return PL_OK;
}

static enum pl_status open_host(const char *address, struct pl_sockets *sockets, struct sentence error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    char host[HOST_BYTES];
    char port[PORT_BYTES];

    if (!split(address, host, port) || strtol(port, NULL, 10) > UINT16_MAX)
        return refuse_address(address, error);
    int code = getaddrinfo(host, port, &hints, &found);
    if (code != 0) {
        snprintf(error.text, error.bytes, "grpc-listen: \"%s\" is not an address of a host: %s", host,
                 gai_strerror(code));
        return PL_INVALID_ARGUMENT;
    }
    enum pl_status status = open_found(address, found, sockets, error);
    freeaddrinfo(found);
    return status;
}

static enum pl_status open_one(const char *address, struct pl_sockets *sockets, struct sentence error)
{
    if (sockets->count == PL_SOCKETS_MAX)
        return refuse_count(error);
    if (strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
        return open_unix(address + strlen(UNIX_PREFIX), sockets, error);
    return open_host(address, sockets, error);
}

enum pl_status pl_sockets_open(const char *addresses, struct pl_sockets *ret_sockets, char *error, unsigned error_bytes)
{
    struct sentence sentence = {.text = error, .bytes = error_bytes};
    char *copy = strdup(addresses);
    char *rest = copy;
    enum pl_status status = PL_OK;

    pl_assert(copy != NULL);
    *ret_sockets = (struct pl_sockets){0};
    while (status == PL_OK && rest != NULL)
        status = open_one(strsep(&rest, ","), ret_sockets, sentence);
    free(copy);
    if (status != PL_OK)
        pl_sockets_close(ret_sockets);
    return status;
}

/* While its socket listens nobody takes the file over, so what is removed is ours. */
static void remove_file(int fd)
{
    struct sockaddr_un address = {0};
    socklen_t bytes = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &bytes) == 0 && address.sun_family == AF_UNIX)
        unlink(address.sun_path);
}

void pl_sockets_close(struct pl_sockets *sockets)
{
    for (unsigned i = 0; i < sockets->count; i++) {
        remove_file(sockets->fds[i]);
        close(sockets->fds[i]);
    }
    sockets->count = 0;
}
