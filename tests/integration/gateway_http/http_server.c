/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One thread answers what is to be answered later, in the order in which it came. */
#include "http_server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/metrics.h"
#include "support/cmocka.h"

enum { QUEUE_MAX = 512, LOOPS = 2 };

struct http_server {
    struct pl_http_server *http;
    struct pl_io_loops *loops;
    struct pl_metrics metrics;
    atomic_uint handled;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct pl_http_request *queue[QUEUE_MAX];
    unsigned queued;
    struct pl_http_request *held;
    bool stopping;
};

static void reply_bytes(struct pl_http_request *request, const void *body, size_t bytes)
{
    static const struct pl_http_header header = {"X-Test", "yes"};

    pl_http_reply(request, &(struct pl_http_reply){.status = 200,
                                                   .content_type = "text/plain",
                                                   .body = body,
                                                   .body_bytes = bytes,
                                                   .headers = &header,
                                                   .header_count = 1});
}

static void reply_text(struct pl_http_request *request, const char *text)
{
    reply_bytes(request, text, strlen(text));
}

static void reply_later(struct http_server *server, struct pl_http_request *request)
{
    pthread_mutex_lock(&server->lock);
    assert_true(server->queued < QUEUE_MAX);
    server->queue[server->queued++] = request;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static void hold(struct http_server *server, struct pl_http_request *request)
{
    pthread_mutex_lock(&server->lock);
    server->held = request;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static void reply_seen(struct pl_http_request *request)
{
    reply_text(request, pl_arena_printf(pl_http_arena(request), "%s %s ?%s", pl_http_verb(request),
                                        pl_http_path(request), pl_http_query(request)));
}

static void reply_header(struct pl_http_request *request)
{
    const char *value = pl_http_header(request, "x-seen");

    reply_text(request, pl_arena_printf(pl_http_arena(request), "%u <%s>", pl_http_header_lines(request, "x-seen"),
                                        value != NULL ? value : "none"));
}

static void reply_echo(struct pl_http_request *request)
{
    size_t bytes;
    const uint8_t *body = pl_http_body(request, &bytes);

    reply_bytes(request, body, bytes);
}

static void reply_long(struct pl_http_request *request)
{
    char *text = pl_arena_alloc(pl_http_arena(request), 2000);

    memset(text, 't', 2000);
    reply_bytes(request, text, 2000);
}

static void handle(struct pl_http_request *request, void *context)
{
    struct http_server *server = context;
    const char *path = pl_http_path(request);

    atomic_fetch_add(&server->handled, 1);
    if (strcmp(path, "/later") == 0)
        reply_later(server, request);
    else if (strcmp(path, "/held") == 0)
        hold(server, request);
    else if (strcmp(path, "/echo") == 0)
        reply_echo(request);
    else if (strcmp(path, "/text") == 0)
        reply_long(request);
    else if (strcmp(path, "/seen") == 0)
        reply_header(request);
    else if (strcmp(path, "/now") == 0)
        reply_text(request, "now");
    else
        reply_seen(request);
}

static void refuse(struct pl_http_request *request, enum pl_status status, const char *sentence, void *context)
{
    const char *text = pl_arena_printf(pl_http_arena(request), "%s: %s", pl_status_reason(status), sentence);
    (void)context;

    pl_http_reply(request, &(struct pl_http_reply){.status = (unsigned)pl_status_http(status),
                                                   .content_type = "application/problem+json",
                                                   .body = text,
                                                   .body_bytes = strlen(text)});
}

/* NULL when the server stops. */
static struct pl_http_request *take(struct http_server *server)
{
    struct pl_http_request *request = NULL;

    pthread_mutex_lock(&server->lock);
    while (server->queued == 0 && !server->stopping)
        pthread_cond_wait(&server->changed, &server->lock);
    if (server->queued > 0) {
        request = server->queue[0];
        memmove(server->queue, server->queue + 1, --server->queued * sizeof(server->queue[0]));
    }
    pthread_mutex_unlock(&server->lock);
    return request;
}

static void *answer(void *context)
{
    struct http_server *server = context;
    struct pl_http_request *request;

    while ((request = take(server)) != NULL)
        reply_text(request, "later");
    return NULL;
}

struct http_server *http_server_open(struct pl_http_options limits)
{
    struct http_server *server = calloc(1, sizeof(*server));
    char error[256] = "";

    assert_non_null(server);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    limits.setting = "http-listen";
    limits.listen = "127.0.0.1:0";
    server->loops = pl_io_loops_open(LOOPS, "http");
    limits.loops = server->loops;
    limits.connections_max = limits.connections_max == 0 ? 1000 : limits.connections_max;
    limits.body_bytes_max = limits.body_bytes_max == 0 ? 1 << 20 : limits.body_bytes_max;
    limits.body_bytes_total_max = limits.body_bytes_total_max == 0 ? 64 << 20 : limits.body_bytes_total_max;
    limits.header_deadline_ms = limits.header_deadline_ms == 0 ? 60000 : limits.header_deadline_ms;
    limits.body_deadline_ms = limits.body_deadline_ms == 0 ? 60000 : limits.body_deadline_ms;
    limits.idle_ms = limits.idle_ms == 0 ? 60000 : limits.idle_ms;
    limits.close_wait_ms = 2000;
    limits.handle = handle;
    limits.refuse = refuse;
    limits.context = server;
    limits.metrics = &server->metrics;
    assert_int_equal(pl_http_open(&limits, &server->http, error, sizeof(error)), PL_OK);
    assert_int_equal(pthread_create(&server->thread, NULL, answer, server), 0);
    return server;
}

void http_server_close(struct http_server *server)
{
    pl_http_close(server->http);
    pl_io_loops_close(server->loops);
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->thread, NULL);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

int http_server_port(const struct http_server *server)
{
    return pl_http_port(server->http);
}

struct pl_http_server *http_server_http(struct http_server *server)
{
    return server->http;
}

void http_server_wait_held(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    while (server->held == NULL)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

void http_server_release(struct http_server *server)
{
    http_server_wait_held(server);
    pthread_mutex_lock(&server->lock);
    struct pl_http_request *request = server->held;
    server->held = NULL;
    pthread_mutex_unlock(&server->lock);
    reply_text(request, "released");
}

unsigned http_server_handled(struct http_server *server)
{
    return atomic_load(&server->handled);
}

unsigned http_server_turned_away(struct http_server *server)
{
    return (unsigned)pl_metrics_get(&server->metrics, PL_METRIC_gateway_connections_turned_away_total);
}

unsigned http_server_connections(struct http_server *server)
{
    return (unsigned)pl_metrics_get(&server->metrics, PL_METRIC_gateway_connections);
}
