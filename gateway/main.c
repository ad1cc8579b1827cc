/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * parley-gateway: argv, settings, signals, start, stop; nothing else.
 *
 *   parley-gateway [--setting=value …]    serve until SIGTERM or SIGINT, then answer what is open and exit 0
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "admin/admin.h"
#include "base/log.h"
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

static bool ready(void *context)
{
    const struct pl_gateway *gateway = context;
    return pl_upstream_ready(gateway->upstream);
}

static enum pl_status open_upstream(struct daemon *daemon)
{
    struct pl_gateway *gateway = &daemon->gateway;
    struct pl_upstream_options options = {
        .endpoint = gateway->config.upstream,
        .threads = (unsigned)gateway->config.upstream_threads,
        .deadline_ms = gateway->config.upstream_deadline_ms,
        .calls_max = gateway->config.calls_max,
        .metrics = &gateway->metrics,
    };
    return pl_upstream_open(&options, &gateway->upstream, daemon->error, sizeof(daemon->error));
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
        .threads = (unsigned)config->http_threads,
        .connections_max = (unsigned)config->connections_max,
        .connections_per_address_max = (unsigned)config->connections_per_address_max,
        .body_bytes_max = (size_t)config->body_bytes_max,
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
    status = open_upstream(daemon);
    if (status == PL_OK)
        status = open_websockets(daemon);
    if (status == PL_OK)
        status = open_admin(daemon);
    if (status == PL_OK)
        status = open_http(daemon);
    return status;
}

/* Backwards from what start opened; whatever was not opened is NULL. Open requests are answered by the upstream. */
static void stop(struct daemon *daemon)
{
    if (daemon->gateway.websockets != NULL)
        pl_websockets_drain(daemon->gateway.websockets);
    pl_http_close(daemon->gateway.http);
    pl_websockets_close(daemon->gateway.websockets);
    pl_admin_close(daemon->admin);
    pl_upstream_close(daemon->gateway.upstream);
    pl_web_pages_free(daemon->gateway.pages);
    pl_routes_free(daemon->gateway.routes);
}

static int serve(struct daemon *daemon, const sigset_t *signals)
{
    enum pl_status status = start(daemon);
    if (status == PL_OK) {
        int signal_number = 0;
        pl_log(PL_LOG_INFO, "started", PL_LOG_NUMBER("port", pl_http_port(daemon->gateway.http)),
               PL_LOG_NUMBER("admin_port", pl_admin_port(daemon->admin)),
               PL_LOG_TEXT("upstream", daemon->gateway.config.upstream));
        sigwait(signals, &signal_number);
        pl_log(PL_LOG_INFO, "draining", PL_LOG_NUMBER("signal", signal_number));
    }
    stop(daemon);
    if (status != PL_OK) {
        fprintf(stderr, "parley-gateway: %s\n", daemon->error);
        return EXIT_FAILURE;
    }
    pl_log(PL_LOG_INFO, "stopped", PL_LOG_NUMBER("signal", 0));
    return EXIT_SUCCESS;
}

static bool print_and_leave(int argc, char **argv)
{
    if (argc != 2)
        return false;
    if (strcmp(argv[1], "--version") == 0) {
        puts("parley-gateway " PARLEY_VERSION);
        return true;
    }
    if (strcmp(argv[1], "--help") != 0)
        return false;
    puts("usage: parley-gateway [--setting=value ...]\n\nSettings, each also as PARLEY_GATEWAY_SETTING:");
    pl_settings_print_help(&pl_gateway_settings);
    return true;
}

/* Threads inherit the mask, so every signal waits for sigwait; a write to a closed connection is an error, not a
 * signal. */
static void block_signals(sigset_t *ret_signals)
{
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGTERM);
    sigaddset(ret_signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* False with a sentence on stderr. */
static bool load_settings(struct daemon *daemon, int argc, char **argv)
{
    struct pl_settings_source source = {
        .argc = argc, .argv = argv, .error = daemon->error, .error_bytes = sizeof(daemon->error)};
    enum pl_log_level level = PL_LOG_INFO;
    int rest = argc;
    enum pl_status status = pl_settings_load(&pl_gateway_settings, &source, &daemon->gateway.config, &rest);
    if (status == PL_OK && pl_log_level_parse(daemon->gateway.config.log_level, &level) != PL_OK) {
        snprintf(daemon->error, sizeof(daemon->error), "log_level must be debug, info, warning or error");
        status = PL_INVALID_ARGUMENT;
    } else if (status == PL_OK && rest < argc) {
        snprintf(daemon->error, sizeof(daemon->error), "there is no command '%.100s'; see parley-gateway --help",
                 argv[rest]);
        status = PL_INVALID_ARGUMENT;
    }
    pl_log_set_level(level);
    if (status != PL_OK)
        fprintf(stderr, "parley-gateway: %s\n", daemon->error);
    return status == PL_OK;
}

int main(int argc, char **argv)
{
    if (print_and_leave(argc, argv))
        return EXIT_SUCCESS;
    struct daemon *daemon = calloc(1, sizeof(*daemon));
    pl_assert(daemon != NULL);
    int code = EXIT_FAILURE;
    if (load_settings(daemon, argc, argv)) {
        sigset_t signals;
        /* Keys and contents are in this memory: no core file, no reading by other processes of the user. */
        prctl(PR_SET_DUMPABLE, 0);
        block_signals(&signals);
        code = serve(daemon, &signals);
    }
    free(daemon);
    return code;
}
