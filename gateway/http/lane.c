/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * libmicrohttpd without threads of its own: each loop has a daemon, whose epoll set is one source of the loop's. It may
 * leave a connection ready that it could read on from; then it asks to run again, and does so some times in one turn.
 */
#include "gateway/http/lane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/http/request.h"
#include "gateway/http/server.h"
#include "gateway/http/tap.h"
#include "gateway/metrics.h"

/* PL_FRAMING_HEAD_BYTES_MAX and what MHD and an answer's headers need beside */
enum { CONNECTION_BYTES_MAX = 32 << 10, WAIT_MS_MAX = 60000, ROUNDS_MAX = 4 };

static void on_panic(void *context, const char *file, unsigned line, const char *reason)
{
    (void)context;
    pl_log(PL_LOG_ERROR, "libmicrohttpd_panic", PL_LOG_TEXT("file", file), PL_LOG_NUMBER("line", line),
           PL_LOG_TEXT("reason", reason == NULL ? "" : reason));
    abort();
}

static void close_connection(struct pl_http_request *request)
{
    struct pl_http_server *server = request->server;

    if (request->refused)
        pl_linger_add(&server->linger, request->fd);
    pl_http_connections_remove(&server->connections, request);
    pl_metrics_add(server->options.metrics, PL_METRIC_gateway_connections, -1);
    pl_tap_attach(request->fd, NULL);
    pl_http_request_free(request);
}

/* MHD closes the descriptor after it has said CLOSED. */
static void on_connection(void *context, struct MHD_Connection *connection, void **ret_context,
                          enum MHD_ConnectionNotificationCode code)
{
    (void)context;

    if (code != MHD_CONNECTION_NOTIFY_STARTED) {
        close_connection(*ret_context);
        return;
    }
    struct pl_http_request *request =
        pl_tap_find(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    request->lane->has_begun = true;
    *ret_context = request;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    pl_http_request_reset(*state);
}

static size_t keep_encoded(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static unsigned timeout_s(const struct pl_http_options *options)
{
    int64_t ms = options->idle_ms;

    if (ms < options->header_deadline_ms)
        ms = options->header_deadline_ms;
    if (ms < options->body_deadline_ms)
        ms = options->body_deadline_ms;
    return (unsigned)(ms / 1000 + 1);
}

/* Each may hold all connections: our limit is what counts. */
static struct MHD_Daemon *start_daemon(struct pl_http_server *server)
{
    const struct pl_http_options *options = &server->options;
    struct MHD_OptionItem items[] = {
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)options->connections_max + 1, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES_MAX, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, timeout_s(options), NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)pl_http_request_begin, server},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_encoded, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, server},
        {MHD_OPTION_END, 0, NULL},
    };

    return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE, 0,
                            NULL, NULL, pl_http_request_run, server, MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

static void on_ready(struct pl_source *source, uint32_t events)
{
    (void)events;
    pl_container_of(source, struct pl_http_lane, source)->is_ready = true;
}

/* False when it wants to run again at once. */
static bool run_once(struct pl_http_lane *lane)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;

    lane->is_ready = false;
    atomic_store(&lane->resumed, false);
    MHD_run(lane->daemon);
    lane->due_us = INT64_MAX;
    if (atomic_load(&lane->resumed))
        return false;
    if (MHD_get_timeout(lane->daemon, &wait_ms) != MHD_YES)
        return true;
    lane->due_us = pl_clock_now_us() + (int64_t)(wait_ms < WAIT_MS_MAX ? wait_ms : WAIT_MS_MAX) * 1000;
    return wait_ms > 0;
}

static int run(struct pl_io_step *step)
{
    struct pl_http_lane *lane = pl_container_of(step, struct pl_http_lane, step);
    int64_t left_us;

    if (lane->is_ready || atomic_load(&lane->resumed) || pl_clock_now_us() >= lane->due_us)
        for (unsigned round = 0; round < ROUNDS_MAX; round++)
            if (run_once(lane))
                break;
    if (atomic_load(&lane->resumed))
        return 0;
    if (lane->due_us == INT64_MAX)
        return -1;
    left_us = lane->due_us - pl_clock_now_us();
    return left_us > 0 ? (int)((left_us + 999) / 1000) : 0;
}

static int epoll_fd(const struct pl_http_lane *lane)
{
    return MHD_get_daemon_info(lane->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

static void attach(void *context)
{
    struct pl_http_lane *lane = context;

    pl_io_loop_add(lane->loop, &lane->source, epoll_fd(lane), EPOLLIN);
    pl_io_loop_set_step(lane->loop, &lane->step);
}

static void detach(void *context)
{
    struct pl_http_lane *lane = context;

    pl_io_loop_set_step(lane->loop, NULL);
    pl_io_loop_remove(lane->loop, &lane->source, epoll_fd(lane));
    MHD_stop_daemon(lane->daemon);
}

bool pl_http_lanes_open(struct pl_http_server *server)
{
    struct pl_io_loops *loops = server->options.loops;

    MHD_set_panic_func(on_panic, NULL);
    server->lanes = calloc(loops->count, sizeof(*server->lanes));
    pl_assert(server->lanes != NULL);
    for (unsigned i = 0; i < loops->count; i++) {
        struct pl_http_lane *lane = &server->lanes[i];
        *lane = (struct pl_http_lane){
            .loop = &loops->loops[i], .step.run = run, .source.ready = on_ready, .due_us = INT64_MAX};
        lane->daemon = start_daemon(server);
        if (lane->daemon == NULL)
            return false;
        server->lane_count++;
        pl_io_loop_call(lane->loop, attach, lane);
    }
    return true;
}

void pl_http_lanes_close(struct pl_http_server *server)
{
    for (unsigned i = 0; i < server->lane_count; i++)
        pl_io_loop_call(server->lanes[i].loop, detach, &server->lanes[i]);
}

/*
 * libmicrohttpd closes a connection that the system lets it watch no more, and tells of its end as of any other's. One
 * that it has not even begun it had no memory for.
 */
static void on_added(struct pl_task *task)
{
    const struct pl_http_request *request = pl_container_of(task, struct pl_http_request, add);
    struct pl_http_lane *lane = request->lane;
    struct sockaddr_in6 peer = {.sin6_family = AF_INET6, .sin6_addr = request->address};

    lane->has_begun = false;
    if (MHD_add_connection(lane->daemon, request->fd, (const struct sockaddr *)&peer, sizeof(peer)) == MHD_YES)
        return;
    pl_log(PL_LOG_ERROR, "connection_dropped", PL_LOG_TEXT("error", strerror(errno)));
    pl_assert(lane->has_begun);
}

void pl_http_lane_add(struct pl_http_lane *lane, struct pl_http_request *request)
{
    request->lane = lane;
    request->add.run = on_added;
    pl_mailbox_post(&lane->loop->loop.mailbox, &request->add);
}

void pl_http_lane_resume(struct pl_http_lane *lane)
{
    atomic_store(&lane->resumed, true);
    pl_io_loop_wake(lane->loop);
}

struct pl_io_loop *pl_http_loop(const struct pl_http_request *request)
{
    return request->lane->loop;
}
