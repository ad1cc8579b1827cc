/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * One thread polls the listening sockets. Past connections_max (or past what RLIMIT_NOFILE leaves when the rest of the
 * process has its reserve) connections wait in the listen queue until one is closed. When a socket does not accept (no
 * descriptor, no memory, ...), the thread looks away for PAUSE_MS and tries again.
 */
#include "rpc/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "rpc/connection.h"
#include "rpc/sockets.h"

enum {
    PAUSE_MS = 100,
    RESERVED_FDS_MAX = 256, /* for the database, the log */
    FDS_MAX = 1 << 20,
};

struct pl_listener {
    struct pl_listener_options options;
    struct pl_sockets sockets;
    _Atomic size_t connections;
    size_t connections_max;
    struct pl_rpc *rpc;
    pthread_t thread;
    bool started;
    bool failing[PL_SOCKETS_MAX]; /* a socket's accept has failed since its last connection; logged once */
    int wake_fd;
    atomic_bool stopping;
};

static size_t fds_allowed(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > FDS_MAX)
        return FDS_MAX;
    return limit.rlim_cur;
}

/* What the process may have, less a reserve of a quarter, at most RESERVED_FDS_MAX. */
static size_t connections_allowed(const struct pl_listener_options *options)
{
    size_t fds = fds_allowed();
    size_t reserve = fds / 4 < RESERVED_FDS_MAX ? fds / 4 : RESERVED_FDS_MAX;
    size_t wanted = (size_t)options->connections_max;

    if (wanted <= fds - reserve)
        return wanted;
    pl_log(PL_LOG_WARNING, "connections_limited", PL_LOG_NUMBER("connections_max", (int64_t)wanted),
           PL_LOG_NUMBER("allowed", (int64_t)(fds - reserve)), PL_LOG_TEXT("by", "RLIMIT_NOFILE"));
    return fds - reserve;
}

enum pl_status pl_listener_open(const struct pl_listener_options *options, struct pl_listener **ret_listener,
                                char *error, unsigned error_bytes)
{
    struct pl_sockets sockets;
    enum pl_status status = pl_sockets_open(options->addresses, &sockets, error, error_bytes);
    struct pl_listener *listener;

    if (status != PL_OK)
        return status;
    listener = calloc(1, sizeof(*listener));
    pl_assert(listener != NULL);
    listener->options = *options;
    listener->sockets = sockets;
    listener->connections_max = connections_allowed(options);
    listener->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (listener->wake_fd < 0) {
        snprintf(error, error_bytes, "grpc-listen: no file descriptor is left: %s", strerror(errno));
        pl_listener_free(listener);
        return PL_UNAVAILABLE;
    }
    *ret_listener = listener;
    return PL_OK;
}

static size_t count_connections(struct pl_listener *listener, int change)
{
    pl_metrics_add(listener->options.metrics, PL_METRIC_connections, change);
    return atomic_fetch_add(&listener->connections, (size_t)change) + (size_t)change;
}

static void hand_over(struct pl_listener *listener, int fd, const struct sockaddr_storage *address)
{
    struct pl_peer peer = pl_peer_of(address);
    int on = 1;

    if (address->ss_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    count_connections(listener, 1);
    pl_connection_open(listener->rpc, fd, &peer);
}

static void note_failure(struct pl_listener *listener, unsigned index, int code)
{
    if (!listener->failing[index])
        pl_log(PL_LOG_ERROR, "accept_failed", PL_LOG_TEXT("error", strerror(code)));
    listener->failing[index] = true;
}

/* accept(2): what became of one connection, which is gone now; the next may be well. */
static bool was_of_connection(int code)
{
    switch (code) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case EHOSTDOWN:
    case EHOSTUNREACH:
        return true;
    default:
        return false;
    }
}

/* False when the thread should pause: the socket does not accept, or nothing may be accepted. */
static bool accept_ready(struct pl_listener *listener, unsigned index)
{
    while (atomic_load(&listener->connections) < listener->connections_max) {
        struct sockaddr_storage peer = {0};
        socklen_t bytes = sizeof(peer);
        int fd = accept4(listener->sockets.fds[index], (struct sockaddr *)&peer, &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            listener->failing[index] = false;
            pl_metrics_add(listener->options.metrics, PL_METRIC_connections_accepted_total, 1);
            hand_over(listener, fd, &peer);
        } else if (errno == EAGAIN) {
            return true;
        } else if (!was_of_connection(errno)) {
            note_failure(listener, index, errno);
            return false;
        }
    }
    return false;
}

static bool accept_all(struct pl_listener *listener, const struct pollfd *polled)
{
    bool go_on = true;

    for (unsigned i = 0; i < listener->sockets.count; i++)
        if (polled[i].revents != 0 && !accept_ready(listener, i))
            go_on = false;
    return go_on;
}

static void *run(void *argument)
{
    struct pl_listener *listener = argument;
    struct pollfd polled[PL_SOCKETS_MAX + 1] = {{0}};
    unsigned count = listener->sockets.count;
    bool accepting = true;

    for (unsigned i = 0; i < count; i++)
        polled[i].events = POLLIN;
    polled[count] = (struct pollfd){.fd = listener->wake_fd, .events = POLLIN};
    while (!atomic_load(&listener->stopping)) {
        for (unsigned i = 0; i < count; i++) {
            polled[i].fd = accepting ? listener->sockets.fds[i] : -1;
            polled[i].revents = 0;
        }
        poll(polled, count + 1, accepting ? -1 : PAUSE_MS);
        accepting = accept_all(listener, polled);
    }
    return NULL;
}

enum pl_status pl_listener_start(struct pl_listener *listener, struct pl_rpc *rpc)
{
    listener->rpc = rpc;
    listener->started = pl_thread_start(&listener->thread, "accept", run, listener);
    return listener->started ? PL_OK : PL_UNAVAILABLE;
}

void pl_listener_stop(struct pl_listener *listener)
{
    if (listener->started) {
        atomic_store(&listener->stopping, true);
        eventfd_write(listener->wake_fd, 1);
        pthread_join(listener->thread, NULL);
        listener->started = false;
    }
    pl_sockets_close(&listener->sockets);
}

void pl_listener_free(struct pl_listener *listener)
{
    pl_listener_stop(listener);
    if (listener->wake_fd >= 0)
        close(listener->wake_fd);
    free(listener);
}

int pl_listener_port(const struct pl_listener *listener)
{
    return listener->sockets.port;
}

size_t pl_listener_connection_count(const struct pl_listener *listener)
{
    return atomic_load(&listener->connections);
}

size_t pl_listener_connection_gone(struct pl_listener *listener)
{
    return count_connections(listener, -1);
}
