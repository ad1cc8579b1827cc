/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Loops serve connections (lane.c); a thread of our own accepts them and watches their deadlines, because
 * libmicrohttpd's limits count idle time only, and its accept loop spins when descriptors run out.
 */
#include "gateway/http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/listen.h"
#include "base/log.h"
#include "base/thread.h"
#include "gateway/http/gzip.h"
#include "gateway/http/lane.h"
#include "gateway/http/request.h"
#include "gateway/http/tap.h"
#include "gateway/metrics.h"

enum {
    SWEEP_MS = 200,
    PAUSE_MS = 100,   /* after an accept that failed and would fail again */
    ACCEPTS_MAX = 64, /* between two looks at the deadlines */
};

static void hand_over(struct pl_http_server *server, int fd, const struct sockaddr *peer)
{
    int on = 1;
    struct pl_http_request *request = pl_http_request_new(server, fd, peer);

    if (fd >= PL_TAP_FDS_MAX || !pl_http_connections_add(&server->connections, request)) {
        pl_http_request_free(request);
        pl_metrics_add(server->options.metrics, PL_METRIC_gateway_connections_turned_away_total, 1);
        close(fd);
        return;
    }
    pl_metrics_add(server->options.metrics, PL_METRIC_gateway_connections, 1);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    pl_tap_attach(fd, request);
    pl_http_lane_add(&server->lanes[(unsigned)fd % server->lane_count], request);
}

/* Out of descriptors: the spare one takes the connection off the queue, so that its client is not kept waiting. */
static void turn_away(struct pl_http_server *server)
{
    close(server->spare_fd);
    int fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        pl_metrics_add(server->options.metrics, PL_METRIC_gateway_connections_turned_away_total, 1);
        close(fd);
    }
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void note_failure(struct pl_http_server *server, int code)
{
    if (!server->accept_failing)
        pl_log(PL_LOG_ERROR, "accept_failed", PL_LOG_TEXT("error", strerror(code)));
    server->accept_failing = true;
    if (code == EMFILE || code == ENFILE)
        turn_away(server);
}

/* False when there is nothing more to accept, or accepting would fail again at once. */
static bool accept_one(struct pl_http_server *server)
{
    struct sockaddr_storage peer = {0};
    socklen_t bytes = sizeof(peer);
    int fd = accept4(server->listen_fd, (struct sockaddr *)&peer, &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        server->accept_failing = false;
        hand_over(server, fd, (const struct sockaddr *)&peer);
        return true;
    }
    if (errno == EINTR || errno == ECONNABORTED)
        return true;
    if (errno == EAGAIN)
        return false;
    note_failure(server, errno);
    return false;
}

static void close_listener(struct pl_http_server *server)
{
    if (server->listen_fd >= 0)
        close(server->listen_fd);
    server->listen_fd = -1;
}

/* Connections that are complete already are of clients who are sending. */
static void stop_listening(struct pl_http_server *server)
{
    for (unsigned i = 0; i < server->options.connections_max && accept_one(server); i++)
        continue;
    close_listener(server);
    pl_http_connections_end(&server->connections);
}

/* Sleeps until something happens, at most for wait_ms; accepts what came. */
static void accept_some(struct pl_http_server *server, int wait_ms)
{
    bool paused = server->accept_failing;
    struct pollfd fds[] = {{.fd = server->wake_fd, .events = POLLIN},
                           {.fd = paused ? -1 : server->listen_fd, .events = POLLIN},
                           {.fd = server->watch.fd, .events = POLLIN}};
    eventfd_t woken;

    poll(fds, 3, paused ? PAUSE_MS : wait_ms);
    (void)eventfd_read(server->wake_fd, &woken);
    if (fds[2].revents != 0)
        pl_watch_run(&server->watch);
    if (!paused && fds[1].revents == 0)
        return;
    for (unsigned i = 0; i < ACCEPTS_MAX && accept_one(server); i++)
        continue;
}

static void *accept_connections(void *context)
{
    struct pl_http_server *server = context;
    int64_t sweep_us = 0;
    int64_t idle_until_us = INT64_MAX;

    while (!atomic_load(&server->stopping)) {
        int64_t now_us = pl_clock_now_us();
        if (atomic_load(&server->draining) && server->listen_fd >= 0) {
            stop_listening(server);
            idle_until_us = now_us + server->options.drain_idle_ms * 1000;
        }
        if (now_us >= sweep_us) {
            pl_http_connections_sweep(&server->connections, now_us, now_us >= idle_until_us);
            sweep_us = now_us + SWEEP_MS * 1000;
        }
        accept_some(server, pl_linger_run(&server->linger, now_us) ? PL_LINGER_TICK_MS : SWEEP_MS);
    }
    return NULL;
}

static void wake(struct pl_http_server *server)
{
    pl_assert(eventfd_write(server->wake_fd, 1) == 0);
}

static void free_server(struct pl_http_server *server)
{
    close_listener(server);
    if (server->wake_fd >= 0)
        close(server->wake_fd);
    if (server->spare_fd >= 0)
        close(server->spare_fd);
    pl_gzip_free(server->gzip);
    pl_http_connections_fini(&server->connections);
    pl_linger_fini(&server->linger);
    pl_watch_fini(&server->watch);
    free(server->lanes);
    free(server);
}

static enum pl_status start(struct pl_http_server *server, char *error, unsigned error_bytes)
{
    const char *missing = NULL;

    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (!pl_tap_works())
        missing = "recv() of this program is not what its libraries use";
    else if (server->wake_fd < 0 || server->spare_fd < 0 || server->watch.fd < 0 || !pl_http_lanes_open(server))
        missing = "descriptors ran out";
    else if (!pl_thread_start(&server->acceptor, "accept", accept_connections, server))
        missing = "threads ran out";
    if (missing == NULL)
        return PL_OK;
    pl_http_lanes_close(server);
    snprintf(error, error_bytes, "%s: the HTTP listener did not start: %s", server->options.setting, missing);
    return PL_UNAVAILABLE;
}

enum pl_status pl_http_open(const struct pl_http_options *options, struct pl_http_server **ret_server, char *error,
                            unsigned error_bytes)
{
    int fd;
    int port;
    enum pl_status status = pl_listen(options->setting, options->listen, &fd, &port, error, error_bytes);

    if (status != PL_OK)
        return status;
    struct pl_http_server *server = calloc(1, sizeof(*server));
    pl_assert(server != NULL);
    *server = (struct pl_http_server){
        .options = *options, .listen_fd = fd, .port = port, .gzip = pl_gzip_new(options->loops->count)};
    pl_linger_init(&server->linger);
    pl_watch_init(&server->watch);
    pl_http_connections_init(&server->connections, options->connections_max, options->connections_per_address_max);
    status = start(server, error, error_bytes);
    if (status != PL_OK) {
        free_server(server);
        return status;
    }
    *ret_server = server;
    return PL_OK;
}

void pl_http_drain(struct pl_http_server *server)
{
    atomic_store(&server->draining, true);
    wake(server);
}

void pl_http_close(struct pl_http_server *server)
{
    if (server == NULL)
        return;
    pl_http_drain(server);
    if (!pl_http_connections_wait(&server->connections, pl_clock_now_us() + server->options.close_wait_ms * 1000)) {
        pl_http_connections_cut(&server->connections);
        pl_http_connections_wait(&server->connections, INT64_MAX);
    }
    atomic_store(&server->stopping, true);
    wake(server);
    pthread_join(server->acceptor, NULL);
    /* Whoever answered last may still be on the way out of pl_http_reply, a few instructions long. */
    while (atomic_load(&server->replying) > 0)
        sched_yield();
    pl_http_lanes_close(server);
    free_server(server);
}

int pl_http_port(const struct pl_http_server *server)
{
    return server->port;
}
