/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * parley-gateway: argv, settings, signals, start, stop; nothing else.
 *
 *   parley-gateway [--setting=value …]    serve until SIGTERM or SIGINT, then answer what is open and exit 0
 */
#include <stdio.h>
#include <stdlib.h>

#include "admin/admin.h"
#include "base/log.h"
#include "base/program.h"
#include "gateway/gateway.h"
#include "gateway/metrics.h"

#define ERROR_BYTES 512
#define DRAIN_IDLE_MS 1000
#define SEND_WAIT_MS 2000 /* for an answer to leave that came in the last moment */

struct daemon {
    struct pl_gateway gateway;
    struct pl_admin *admin;
    char error[ERROR_BYTES];
};

static const struct pl_program program = {
    .name = "parley-gateway", .arguments = "[--setting=value ...]", .settings = &pl_gateway_settings};

static bool ready(void *context)
{
    const struct pl_gateway *gateway = context;
    return pl_upstream_ready(gateway->upstream);
}

static enum pl_status open_upstream(struct daemon *daemon)
{
    struct pl_gateway *gateway = &daemon->gateway;
    gateway->loops = pl_io_loops_open((unsigned)gateway->config.http_threads, "http");
    struct pl_upstream_options options = {
        .endpoint = gateway->config.upstream,
        .loops = gateway->loops,
        .deadline_ms = gateway->config.upstream_deadline_ms,
        .calls_max = gateway->config.calls_max,
        .metrics = &gateway->metrics,
    };
    if (gateway->loops == NULL) {
        snprintf(daemon->error, sizeof(daemon->error), "the system gives no more threads");
        return PL_UNAVAILABLE;
    }
    return pl_upstream_open(&options, &gateway->upstream, daemon->error, sizeof(daemon->error));
}

static void open_polls(struct pl_gateway *gateway)
{
    struct pl_polls_options options = {
        .endpoint = gateway->config.upstream,
        .deadline_ms = gateway->config.upstream_deadline_ms,
        .polls_max = gateway->config.polls_max,
        .metrics = &gateway->metrics,
    };
    gateway->polls = pl_polls_new(&options);
}

static enum pl_status open_websockets(struct daemon *daemon)
{
    struct pl_gateway *gateway = &daemon->gateway;
    struct pl_websockets_options options = {
        .endpoint = gateway->config.upstream,
        .threads = (unsigned)gateway->config.websocket_threads,
        .sockets_max = gateway->config.websockets_max,
        .idle_ms = gateway->config.websocket_idle_ms,
        .metrics = &gateway->metrics,
    };
    return pl_websockets_open(&options, &gateway->websockets, daemon->error, sizeof(daemon->error));
}

static enum pl_status open_http(struct daemon *daemon)
{
    const struct pl_gateway_config *config = &daemon->gateway.config;
    struct pl_http_options options = {
        .setting = "listen",
        .listen = config->listen,
        .loops = daemon->gateway.loops,
        .connections_max = (unsigned)config->connections_max,
        .connections_per_address_max = (unsigned)config->connections_per_address_max,
        .body_bytes_max = (size_t)config->body_bytes_max,
        .body_bytes_total_max = (size_t)config->body_bytes_total_max,
        .header_deadline_ms = config->header_deadline_ms,
        .body_deadline_ms = config->body_deadline_ms,
        .idle_ms = config->idle_ms,
        .drain_idle_ms = DRAIN_IDLE_MS,
        .close_wait_ms = config->upstream_deadline_ms + SEND_WAIT_MS,
        .handle = pl_gateway_handle,
        .refuse = pl_gateway_refuse,
        .context = &daemon->gateway,
        .metrics = &daemon->gateway.metrics,
    };
    return pl_http_open(&options, &daemon->gateway.http, daemon->error, sizeof(daemon->error));
}

static enum pl_status open_admin(struct daemon *daemon)
{
    struct pl_gateway *gateway = &daemon->gateway;
    struct pl_admin_options options = {
        .listen = gateway->config.admin_listen,
        .metrics = {.metrics = &gateway->metrics,
                    .rows = pl_gateway_metric_rows,
                    .row_count = PL_GATEWAY_METRIC_ROW_COUNT},
        .ready = ready,
        .context = gateway,
    };
    return pl_admin_open(&options, &daemon->admin, daemon->error, sizeof(daemon->error));
}

static enum pl_status start(struct daemon *daemon)
{
    enum pl_status status;
    pl_metrics_set(&daemon->gateway.metrics, PL_METRIC_gateway_build_info, 1);
    daemon->gateway.routes = pl_routes_new();
    daemon->gateway.pages = pl_web_pages_new((size_t)daemon->gateway.config.body_bytes_max);
    open_polls(&daemon->gateway);
    status = open_upstream(daemon);
    if (status == PL_OK)
        status = open_websockets(daemon);
    if (status == PL_OK)
        status = open_http(daemon);
    /* Who is told that the gateway is ready may connect at once. */
    if (status == PL_OK)
        status = open_admin(daemon);
    return status;
}

/*
 * Backwards from what start opened, but that operators see how it goes until all is answered; whatever was not opened
 * is NULL. Open requests are answered by the upstream.
 */
static void stop(struct daemon *daemon)
{
    if (daemon->gateway.websockets != NULL)
        pl_websockets_drain(daemon->gateway.websockets);
    pl_polls_drain(daemon->gateway.polls);
    pl_http_close(daemon->gateway.http);
    pl_polls_free(daemon->gateway.polls);
    pl_websockets_close(daemon->gateway.websockets);
    pl_admin_close(daemon->admin);
    pl_upstream_close(daemon->gateway.upstream);
    pl_io_loops_close(daemon->gateway.loops);
    pl_web_pages_free(daemon->gateway.pages);
    pl_routes_free(daemon->gateway.routes);
}

static int serve(struct daemon *daemon, const struct pl_program_start *begun)
{
    int signal_number = 0;
    enum pl_status status = start(daemon);
    if (status == PL_OK) {
        pl_log(PL_LOG_INFO, "started", PL_LOG_NUMBER("port", pl_http_port(daemon->gateway.http)),
               PL_LOG_NUMBER("admin_port", pl_admin_port(daemon->admin)),
               PL_LOG_TEXT("upstream", daemon->gateway.config.upstream));
        signal_number = pl_program_await_end(begun);
    }
    stop(daemon);
    if (status != PL_OK)
        return pl_program_fail(&program, daemon->error);
    pl_log(PL_LOG_INFO, "stopped", PL_LOG_NUMBER("signal", signal_number));
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct daemon *daemon = calloc(1, sizeof(*daemon));
    struct pl_program_start begun;
    pl_assert(daemon != NULL);
    int code;
    if (!pl_program_begin(&program, argc, argv, &daemon->gateway.config, &begun))
        code = begun.code;
    else if (begun.command != NULL)
        code = pl_program_refuse_command(&program, begun.command);
    else
        code = serve(daemon, &begun);
    free(daemon);
    return code;
}
