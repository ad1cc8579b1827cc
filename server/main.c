/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * parleyd: argv, settings, signals, start, stop; nothing else.
 *
 *   parleyd [--setting=value …]            serve until SIGTERM or SIGINT, then drain and exit 0
 *   parleyd [--setting=value …] migrate    bring the database's schema up to date and exit
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "auth/auth.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/program.h"
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

static const struct pl_program program = {
    .name = "parleyd", .arguments = "[--setting=value ...] [migrate]", .settings = &pl_config_settings};

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
    server->lookups = pl_buckets_new(PL_LOOKUP_SHARDS, PL_LOOKUP_USERS_MAX / PL_LOOKUP_SHARDS);
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

static int serve(struct daemon *daemon, const struct pl_program_start *begun)
{
    int signal_number = 0;
    enum pl_status status = start(daemon);
    if (status == PL_OK) {
        pl_log(PL_LOG_INFO, "started", PL_LOG_TEXT("grpc", daemon->server.config.grpc_listen),
               PL_LOG_NUMBER("grpc_port", pl_rpc_port(daemon->server.rpc)),
               PL_LOG_NUMBER("admin_port", pl_admin_port(daemon->admin)));
        signal_number = pl_program_await_end(begun);
    }
    stop(daemon);
    if (status != PL_OK)
        return pl_program_fail(&program, daemon->error);
    pl_log(PL_LOG_INFO, "stopped", PL_LOG_NUMBER("signal", signal_number));
    return EXIT_SUCCESS;
}

static int migrate(struct daemon *daemon)
{
    if (pl_db_migrate(&daemon->server.config, daemon->error, sizeof(daemon->error)) == PL_OK)
        return EXIT_SUCCESS;
    return pl_program_fail(&program, daemon->error);
}

static int run(struct daemon *daemon, const struct pl_program_start *begun)
{
    if (begun->command == NULL)
        return serve(daemon, begun);
    if (strcmp(begun->command, "migrate") == 0)
        return migrate(daemon);
    return pl_program_refuse_command(&program, begun->command);
}

int main(int argc, char **argv)
{
    struct daemon *daemon = calloc(1, sizeof(*daemon));
    struct pl_program_start begun;
    pl_assert(daemon != NULL);
    bool runs = pl_program_begin(&program, argc, argv, &daemon->server.config, &begun);
    pl_config_fit(&daemon->server.config, sysconf(_SC_NPROCESSORS_ONLN));
    int code = runs ? run(daemon, &begun) : begun.code;
    free(daemon);
    return code;
}
