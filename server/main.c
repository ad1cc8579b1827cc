/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * parleyd: argv, settings, signals, start, stop; nothing else.
 *
 *   parleyd [--setting=value …]            serve until SIGTERM or SIGINT, then drain and exit 0
 *   parleyd [--setting=value …] migrate    bring the database's schema up to date and exit
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "admin/admin.h"
#include "auth/auth.h"
#include "base/clock.h"
#include "base/log.h"
#include "delivery/hub.h"
#include "idempotency.h"
#include "methods.h"
#include "rpc/rpc.h"
#include "server.h"
#include "users/service.h"

#define ERROR_BYTES 512
#define US_PER_MS 1000
/* What the end of the last streams still has for the database. */
#define DATABASE_GRACE_MS 500

struct daemon {
    struct pl_server server;
    struct pl_admin *admin;
    char error[ERROR_BYTES];
};

static void admit(struct pl_call *call)
{
    const struct pl_server *server = pl_call_context(call);
    pl_auth_admit(server->auth, call);
}

static bool ready(void *context)
{
    const struct pl_server *server = context;
    return pl_db_ready(server->db);
}

static enum pl_status open_rpc(struct daemon *daemon)
{
    struct pl_server *server = &daemon->server;
    struct pl_rpc_options options = {
        .config = &server->config,
        .metrics = &server->metrics,
        .context = server,
        .admit = admit,
        .ready = ready,
        .once = pl_idempotency_handle,
        .methods = pl_methods,
        .method_count = pl_method_count,
    };
    return pl_rpc_open(&options, &server->rpc, daemon->error, sizeof(daemon->error));
}

static enum pl_status open_db(struct daemon *daemon)
{
    struct pl_server *server = &daemon->server;
    struct pl_db_listener listener = pl_hub_listener(server->hub);
    return pl_db_open(&server->config, &server->metrics, &listener, &server->db, daemon->error, sizeof(daemon->error));
}

static enum pl_status open_admin(struct daemon *daemon)
{
    struct pl_server *server = &daemon->server;
    struct pl_admin_options options = {
        .listen = server->config.admin_listen,
        .metrics = {.metrics = &server->metrics, .rows = pl_metric_rows, .row_count = PL_METRIC_ROW_COUNT},
        .ready = ready,
        .context = server,
    };
    return pl_admin_open(&options, &daemon->admin, daemon->error, sizeof(daemon->error));
}

/* Backwards from what start opened; whatever was not opened is NULL. */
static void stop(struct daemon *daemon)
{
    struct pl_server *server = &daemon->server;
    int64_t deadline_us = pl_clock_now_us() + server->config.drain_ms * US_PER_MS;
    if (server->db != NULL)
        pl_db_end_by(server->db, deadline_us + DATABASE_GRACE_MS * US_PER_MS);
    if (server->rpc != NULL)
        pl_rpc_stop(server->rpc);
    if (server->hub != NULL)
        pl_hub_drain(server->hub);
    if (server->rpc != NULL)
        pl_rpc_drain(server->rpc, deadline_us);
    if (server->hub != NULL)
        pl_hub_await_empty(server->hub);
    pl_admin_close(daemon->admin);
    if (server->db != NULL)
        pl_db_close(server->db);
    if (server->rpc != NULL)
        pl_rpc_close(server->rpc);
    if (server->auth != NULL)
        pl_auth_close(server->auth);
    if (server->hub != NULL)
        pl_hub_free(server->hub);
    pl_buckets_free(server->lookups);
}

static enum pl_status start(struct daemon *daemon)
{
    struct pl_server *server = &daemon->server;
    pl_metrics_set(&server->metrics, PL_METRIC_build_info, 1);
    enum pl_status status = open_rpc(daemon);
    if (status != PL_OK)
        return status;
    server->hub = pl_hub_new(server);
    server->lookups = pl_buckets_new(PL_LOOKUP_USERS_MAX, PL_LOOKUPS_AT_ONCE, PL_LOOKUPS_PER_HOUR);
    status = open_db(daemon);
    if (status == PL_OK)
        status = pl_auth_open(&server->config, server->db, &server->metrics, &server->auth, daemon->error,
                              sizeof(daemon->error));
    if (status == PL_OK)
        status = open_admin(daemon);
    if (status != PL_OK)
        return status;
    /* In this order: whoever gets an answer from health finds the server serving. */
    pl_rpc_set_serving(server->rpc, true);
    pl_rpc_start(server->rpc);
    return PL_OK;
}

static int serve(struct daemon *daemon, const sigset_t *signals)
{
    enum pl_status status = start(daemon);
    if (status == PL_OK) {
        int signal_number = 0;
        pl_log(PL_LOG_INFO, "started", PL_LOG_TEXT("grpc", daemon->server.config.grpc_listen),
               PL_LOG_NUMBER("grpc_port", pl_rpc_port(daemon->server.rpc)),
               PL_LOG_NUMBER("admin_port", pl_admin_port(daemon->admin)));
        sigwait(signals, &signal_number);
        pl_log(PL_LOG_INFO, "draining", PL_LOG_NUMBER("signal", signal_number));
    }
    stop(daemon);
    if (status != PL_OK) {
        fprintf(stderr, "parleyd: %s\n", daemon->error);
        return EXIT_FAILURE;
    }
    pl_log(PL_LOG_INFO, "stopped", PL_LOG_NUMBER("signal", 0));
    return EXIT_SUCCESS;
}

static int migrate(struct daemon *daemon)
{
    if (pl_db_migrate(&daemon->server.config, daemon->error, sizeof(daemon->error)) == PL_OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "parleyd: %s\n", daemon->error);
    return EXIT_FAILURE;
}

static int run(struct daemon *daemon, const char *command, const sigset_t *signals)
{
    if (command == NULL)
        return serve(daemon, signals);
    if (strcmp(command, "migrate") == 0)
        return migrate(daemon);
    fprintf(stderr, "parleyd: there is no command '%s'; see parleyd --help\n", command);
    return EXIT_FAILURE;
}

static bool print_and_leave(int argc, char **argv)
{
    if (argc != 2)
        return false;
    if (strcmp(argv[1], "--version") == 0) {
        puts("parleyd " PARLEY_VERSION);
        return true;
    }
    if (strcmp(argv[1], "--help") != 0)
        return false;
    puts("usage: parleyd [--setting=value ...] [migrate]\n\nSettings, each also as PARLEY_SETTING:");
    pl_config_print_help();
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

int main(int argc, char **argv)
{
    if (print_and_leave(argc, argv))
        return EXIT_SUCCESS;
    struct daemon *daemon = calloc(1, sizeof(*daemon));
    pl_assert(daemon != NULL);
    int rest = argc;
    enum pl_log_level level = PL_LOG_INFO;
    if (pl_config_load(argc, argv, &daemon->server.config, &rest, daemon->error, sizeof(daemon->error)) != PL_OK) {
        fprintf(stderr, "parleyd: %s\n", daemon->error);
        free(daemon);
        return EXIT_FAILURE;
    }
    if (pl_log_level_parse(daemon->server.config.log_level, &level) != PL_OK) {
        fprintf(stderr, "parleyd: log_level must be debug, info, warning or error\n");
        free(daemon);
        return EXIT_FAILURE;
    }
    pl_log_set_level(level);
    /* Keys and contents are in this memory: no core file, no reading by other processes of the user. */
    prctl(PR_SET_DUMPABLE, 0);
    sigset_t signals;
    block_signals(&signals);
    int code = run(daemon, rest < argc ? argv[rest] : NULL, &signals);
    free(daemon);
    return code;
}
