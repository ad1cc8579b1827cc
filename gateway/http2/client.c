/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * One connection is the one that calls go to; those that are going away live beside it until their last call has ended.
 * Calls wait while the first is being connected, or while the server takes no more; and fail while it is paused.
 *
 * A name is looked up by a thread that lives as long as the look-up, because the system's resolver blocks.
 */
#include "gateway/http2/client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/thread.h"
#include "gateway/http2/answer.h"
#include "gateway/http2/connection.h"
#include "gateway/http2/endpoint.h"

enum { PAUSE_FIRST_MS = 100, PAUSE_MAX_MS = 1000, CONNECT_MS = 5000, LIVED_MS = 1000, US_PER_MS = 1000 };

struct pl_http2_client {
    struct pl_http2_options options;
    struct pl_io_loop *loop;
    struct pl_http2_endpoint endpoint;
    struct pl_http2_connection *connection; /* NULL: paused, or looked up */
    bool is_ready;                          /* the connection is */
    int64_t ready_us;
    int pause_ms;
    struct pl_http2_calls calls;   /* all that are not done */
    struct pl_http2_calls waiting; /* of those, the ones that are not submitted */
    unsigned going;                /* connections that are going away */
    struct pl_timer deadline;      /* of the first call */
    struct pl_timer retry;         /* the end of a pause, or of the patience with a connection */
    _Atomic bool ready;            /* for pl_http2_ready */

    struct addrinfo *addresses;
    const struct addrinfo *address; /* the one that is tried */
    pthread_t resolver;
    struct pl_task resolved;
    bool is_resolving;
    bool is_closing;
};

static void finish(struct pl_http2_client *client, struct pl_http2_call *call)
{
    struct pl_timers *timers = &client->loop->loop.timers;
    TAILQ_REMOVE(&client->calls, call, link);
    if (TAILQ_EMPTY(&client->calls))
        pl_timers_disarm(timers, &client->deadline);
    call->done(call);
}

static void fail_waiting(struct pl_http2_client *client)
{
    struct pl_http2_call *call;
    while ((call = TAILQ_FIRST(&client->waiting)) != NULL) {
        TAILQ_REMOVE(&client->waiting, call, wait);
        call->outcome = PL_HTTP2_UNSENT;
        finish(client, call);
    }
}

static void submit_waiting(struct pl_http2_client *client)
{
    struct pl_http2_call *call;
    while (client->connection != NULL && (call = TAILQ_FIRST(&client->waiting)) != NULL &&
           pl_http2_connection_room(client->connection) > 0) {
        TAILQ_REMOVE(&client->waiting, call, wait);
        pl_http2_connection_submit(client->connection, call);
    }
}

/* ---- connecting ---- */

static const struct pl_http2_events connection_events;

static void arm_retry(struct pl_http2_client *client, int wait_ms)
{
    pl_timers_arm(&client->loop->loop.timers, &client->retry, pl_clock_now_us() + (int64_t)wait_ms * US_PER_MS);
}

static void pause_connecting(struct pl_http2_client *client)
{
    arm_retry(client, client->pause_ms);
    client->pause_ms = client->pause_ms * 2 < PAUSE_MAX_MS ? client->pause_ms * 2 : PAUSE_MAX_MS;
    fail_waiting(client);
}

static bool try_address(struct pl_http2_client *client)
{
    struct pl_http2_connection_options options = {
        .loop = client->loop,
        .authority = client->endpoint.authority,
        .deadline_ms = client->options.deadline_ms,
        .reply_bytes_max = client->options.reply_bytes_max,
        .events = &connection_events,
        .owner = client,
    };
    int fd = pl_http2_endpoint_connect(&client->endpoint, client->address);
    if (fd < 0)
        return false;
    client->connection = pl_http2_connection_new(&options, fd);
    arm_retry(client, CONNECT_MS);
    return true;
}

/* Goes on with the next address, or pauses. */
static void try_next(struct pl_http2_client *client)
{
    while (client->address != NULL) {
        client->address = client->address->ai_next;
        if (client->address != NULL && try_address(client))
            return;
    }
    pause_connecting(client);
}

static void try_first(struct pl_http2_client *client)
{
    client->address = client->addresses;
    if ((!client->endpoint.is_unix && client->addresses == NULL) || !try_address(client))
        try_next(client);
}

static void on_resolved(struct pl_task *task)
{
    struct pl_http2_client *client = pl_container_of(task, struct pl_http2_client, resolved);
    if (client->is_closing)
        return;
    pthread_join(client->resolver, NULL);
    client->is_resolving = false;
    try_first(client);
}

static void *resolve(void *argument)
{
    struct pl_http2_client *client = argument;
    client->addresses = pl_http2_endpoint_look_up(&client->endpoint, false);
    pl_mailbox_post(&client->loop->loop.mailbox, &client->resolved);
    return NULL;
}

static void forget_addresses(struct pl_http2_client *client)
{
    if (client->addresses != NULL)
        freeaddrinfo(client->addresses);
    client->addresses = NULL;
    client->address = NULL;
}

static void connect_again(struct pl_http2_client *client)
{
    forget_addresses(client);
    if (!client->endpoint.is_unix)
        client->addresses = pl_http2_endpoint_look_up(&client->endpoint, true);
    if (client->endpoint.is_unix || client->addresses != NULL) {
        try_first(client);
    } else if (pl_thread_start(&client->resolver, "resolve", resolve, client)) {
        client->is_resolving = true;
        pl_timers_disarm(&client->loop->loop.timers, &client->retry);
    } else {
        pause_connecting(client);
    }
}

/* Calls that a lost connection had; none of them can be asked for again. */
static void break_calls(struct pl_http2_client *client, const struct pl_http2_connection *connection)
{
    struct pl_http2_call *call;
    struct pl_http2_call *next;
    for (call = TAILQ_FIRST(&client->calls); call != NULL; call = next) {
        next = TAILQ_NEXT(call, link);
        if (call->connection != connection)
            continue;
        call->outcome = PL_HTTP2_BROKEN;
        finish(client, call);
    }
}

static void drop(struct pl_http2_client *client, struct pl_http2_connection *connection)
{
    break_calls(client, connection);
    pl_http2_connection_free(connection);
}

/* At once after a connection that was good; one that fails again and again is not hurried. */
static void reconnect(struct pl_http2_client *client)
{
    bool lived = client->is_ready && pl_clock_now_us() - client->ready_us >= (int64_t)LIVED_MS * US_PER_MS;
    bool was_ready = client->is_ready;
    client->connection = NULL;
    client->is_ready = false;
    atomic_store(&client->ready, false);
    if (lived)
        connect_again(client);
    else if (was_ready)
        pause_connecting(client);
    else
        try_next(client);
}

static void on_connection_ready(void *owner)
{
    struct pl_http2_client *client = owner;
    client->is_ready = true;
    client->ready_us = pl_clock_now_us();
    client->pause_ms = PAUSE_FIRST_MS;
    atomic_store(&client->ready, true);
    pl_timers_disarm(&client->loop->loop.timers, &client->retry);
}

static void on_connection_going(void *owner, struct pl_http2_connection *connection)
{
    struct pl_http2_client *client = owner;
    if (connection != client->connection)
        return;
    client->going++;
    reconnect(client);
}

static void on_call_ended(void *owner, struct pl_http2_call *call)
{
    finish(owner, call);
}

static void on_connection_room(void *owner)
{
    submit_waiting(owner);
}

static void on_connection_closed(void *owner, struct pl_http2_connection *connection)
{
    struct pl_http2_client *client = owner;
    bool is_current = connection == client->connection;
    drop(client, connection);
    if (is_current)
        reconnect(client);
    else
        client->going--;
}

static const struct pl_http2_events connection_events = {.ready = on_connection_ready,
                                                         .going = on_connection_going,
                                                         .ended = on_call_ended,
                                                         .room = on_connection_room,
                                                         .closed = on_connection_closed};

/* ---- timers ---- */

static void on_retry(struct pl_timer *timer)
{
    struct pl_http2_client *client = pl_container_of(timer, struct pl_http2_client, retry);
    if (client->connection == NULL) {
        connect_again(client);
        return;
    }
    drop(client, client->connection);
    reconnect(client);
}

/* Whoever was not submitted has reached nobody. */
static void expire(struct pl_http2_client *client, struct pl_http2_call *call)
{
    if (call->connection == NULL) {
        TAILQ_REMOVE(&client->waiting, call, wait);
        call->outcome = PL_HTTP2_UNSENT;
    } else {
        pl_http2_connection_cancel(call->connection, call);
        call->outcome = PL_HTTP2_LATE;
    }
    finish(client, call);
}

static void on_deadline(struct pl_timer *timer)
{
    struct pl_http2_client *client = pl_container_of(timer, struct pl_http2_client, deadline);
    struct pl_http2_call *call;
    int64_t now_us = pl_clock_now_us();
    while ((call = TAILQ_FIRST(&client->calls)) != NULL && call->deadline_us <= now_us)
        expire(client, call);
    if (call != NULL)
        pl_timers_arm(&client->loop->loop.timers, &client->deadline, call->deadline_us);
}

/* ---- for the gateway ---- */

static void begin(void *context)
{
    connect_again(context);
}

enum pl_status pl_http2_open(const struct pl_http2_options *options, struct pl_io_loop *loop,
                             struct pl_http2_client **ret_client, char *error, unsigned error_bytes)
{
    struct pl_http2_client *client = calloc(1, sizeof *client);
    pl_assert(client != NULL);
    client->options = *options;
    client->loop = loop;
    client->pause_ms = PAUSE_FIRST_MS;
    client->deadline.run = on_deadline;
    client->retry.run = on_retry;
    client->resolved.run = on_resolved;
    TAILQ_INIT(&client->calls);
    TAILQ_INIT(&client->waiting);
    if (!pl_http2_endpoint_parse(&client->endpoint, options->endpoint)) {
        snprintf(error, error_bytes, "the endpoint \"%.200s\" is not host:port or unix:/path", options->endpoint);
        free(client);
        return PL_INVALID_ARGUMENT;
    }
    pl_io_loop_call(loop, begin, client);
    *ret_client = client;
    return PL_OK;
}

static void stop(void *context)
{
    struct pl_http2_client *client = context;
    pl_assert(TAILQ_EMPTY(&client->calls));
    client->is_closing = true;
    pl_timers_disarm(&client->loop->loop.timers, &client->retry);
    if (client->connection != NULL)
        pl_http2_connection_free(client->connection);
}

/* In which what was deferred and posted has run. */
static void let_turn_pass(void *context)
{
    (void)context;
}

void pl_http2_close(struct pl_http2_client *client)
{
    pl_io_loop_call(client->loop, stop, client);
    if (client->is_resolving)
        pthread_join(client->resolver, NULL);
    pl_io_loop_call(client->loop, let_turn_pass, client);
    pl_assert(client->going == 0);
    forget_addresses(client);
    free(client);
}

bool pl_http2_ready(const struct pl_http2_client *client)
{
    return atomic_load(&client->ready);
}

void pl_http2_start(struct pl_http2_client *client, struct pl_http2_call *call)
{
    bool is_first = TAILQ_EMPTY(&client->calls);
    pl_assert(pthread_equal(pthread_self(), client->loop->thread));
    call->deadline_us = pl_clock_now_us() + client->options.deadline_ms * US_PER_MS;
    call->connection = NULL;
    TAILQ_INSERT_TAIL(&client->calls, call, link);
    if (client->connection == NULL && !client->is_resolving) {
        call->outcome = PL_HTTP2_UNSENT;
        finish(client, call);
        return;
    }
    pl_http2_answer_begin(call);
    if (is_first)
        pl_timers_arm(&client->loop->loop.timers, &client->deadline, call->deadline_us);
    TAILQ_INSERT_TAIL(&client->waiting, call, wait);
    submit_waiting(client);
}
