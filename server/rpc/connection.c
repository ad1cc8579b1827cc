/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What nghttp2 wants to send is written at the end of the turn, for all calls of the connection at once. When the
 * kernel takes no more, nghttp2 is asked for no more, so that what waits stays with the calls; and nothing more is
 * read, or who does not read answers could go on asking for some. One piece is read in a turn, so that nobody waits
 * behind a client that sends without a pause.
 *
 * nghttp2 must not be entered again from its own callbacks. So calls whose streams end there are told behind it, and
 * the end of the connection comes by what is deferred.
 *
 * A connection that ends well says GOAWAY, ends its half and waits for the client to do so, HANG_UP_US at most: if it
 * closed with bytes unread, the kernel would throw away what the client has not got yet.
 */
#include "rpc/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    GREETING_US = 10000000,
    /* A phone that vanished is noticed within a minute and a half, also by the proxy's idle connections. */
    KEEPALIVE_US = 60000000,
    KEEPALIVE_ANSWER_US = 20000000,
    HANG_UP_US = 1000000,
};

static struct pl_timers *timers_of(struct pl_connection *connection)
{
    return &connection->home->io.loop.timers;
}

static void drop(struct pl_connection *connection)
{
    if (--connection->holds > 0)
        return;
    free(connection);
}

/* ---- calls ---- */

static void unhand(struct pl_connection *connection, struct pl_call *call)
{
    if (call->is_handed)
        TAILQ_REMOVE(&connection->handed, call, handed_link);
    call->is_handed = false;
}

void pl_connection_hand(struct pl_connection *connection, struct pl_call *call)
{
    pl_assert(!call->is_handed);
    call->is_handed = true;
    TAILQ_INSERT_TAIL(&connection->handed, call, handed_link);
}

void pl_connection_consume(struct pl_connection *connection, const struct pl_call *call, size_t bytes)
{
    if (bytes == 0 || call->is_over)
        return;
    nghttp2_session_consume_stream(connection->session, call->stream_id, bytes);
    pl_connection_flush_later(connection);
}

void pl_connection_release(struct pl_connection *connection, struct pl_call *call)
{
    pl_assert(call->is_over);
    drop(connection);
}

static void end_call(struct pl_connection *connection, struct pl_call *call)
{
    call->is_over = true;
    unhand(connection, call);
    call->kind->over(call);
}

void pl_connection_forget(struct pl_connection *connection, struct pl_call *call)
{
    nghttp2_session_set_stream_user_data(connection->session, call->stream_id, NULL);
    TAILQ_REMOVE(&connection->calls, call, link);
    end_call(connection, call);
}

static void tell_over(struct pl_connection *connection)
{
    struct pl_call *call;

    while ((call = TAILQ_FIRST(&connection->over)) != NULL) {
        TAILQ_REMOVE(&connection->over, call, link);
        end_call(connection, call);
    }
}

static void tell_written(struct pl_connection *connection)
{
    struct pl_call *call;

    while ((call = TAILQ_FIRST(&connection->handed)) != NULL) {
        unhand(connection, call);
        call->kind->written(call);
    }
}

/* ---- the end ---- */

static void close_socket(struct pl_connection *connection)
{
    struct pl_rpc *rpc = connection->home->rpc;

    pl_timers_disarm(timers_of(connection), &connection->watch);
    pl_io_loop_remove(&connection->home->io, &connection->source, connection->fd);
    close(connection->fd);
    TAILQ_REMOVE(&connection->home->connections, connection, link);
    drop(connection);
    pl_rpc_connection_gone(rpc);
}

static void end_session(struct pl_connection *connection)
{
    struct pl_call *call;

    tell_over(connection);
    while ((call = TAILQ_FIRST(&connection->calls)) != NULL)
        pl_connection_forget(connection, call);
    nghttp2_session_del(connection->session);
    connection->session = NULL;
    pl_buf_fini(&connection->head);
    free(connection->left);
    connection->left = NULL;
}

static void hang_up(struct pl_connection *connection)
{
    shutdown(connection->fd, SHUT_WR);
    pl_io_loop_change(&connection->home->io, &connection->source, connection->fd, EPOLLIN);
    pl_timers_arm(timers_of(connection), &connection->watch, pl_clock_now_us() + HANG_UP_US);
}

/* nghttp2 wants nothing more when it has said GOAWAY, for whatever reason, and no stream is left. */
static bool is_over(const struct pl_connection *connection)
{
    return connection->is_broken || (connection->left == NULL && !nghttp2_session_want_read(connection->session) &&
                                     !nghttp2_session_want_write(connection->session));
}

void pl_connection_cut(struct pl_connection *connection)
{
    if (connection->session != NULL)
        end_session(connection);
    close_socket(connection);
}

void pl_connection_warn(struct pl_connection *connection)
{
    if (connection->session == NULL)
        return;
    nghttp2_submit_shutdown_notice(connection->session);
    pl_connection_flush_later(connection);
}

void pl_connection_go_away(struct pl_connection *connection)
{
    if (connection->session == NULL)
        return;
    nghttp2_submit_goaway(connection->session, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(connection->session), NGHTTP2_NO_ERROR, NULL, 0);
    pl_connection_flush_later(connection);
}

/* ---- writing ---- */

static void keep_left(struct pl_connection *connection, const uint8_t *data, size_t bytes)
{
    connection->left = malloc(bytes);
    pl_assert(connection->left != NULL);
    memcpy(connection->left, data, bytes);
    connection->left_bytes = bytes;
    connection->left_sent = 0;
    pl_io_loop_change(&connection->home->io, &connection->source, connection->fd, EPOLLOUT);
}

/* How much the kernel took. */
static size_t send_some(struct pl_connection *connection, const uint8_t *data, size_t bytes)
{
    ssize_t sent;

    do {
        sent = send(connection->fd, data, bytes, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno != EAGAIN)
        connection->is_broken = true;
    return sent > 0 ? (size_t)sent : 0;
}

/* As much as nghttp2 has, up to the buffer's size. */
static size_t gather(struct pl_connection *connection, uint8_t *out)
{
    size_t count = 0;

    while (count < PL_WRITE_BYTES) {
        const uint8_t *frame;
        ssize_t bytes = nghttp2_session_mem_send(connection->session, &frame);
        if (bytes <= 0) {
            connection->is_broken = connection->is_broken || bytes < 0;
            break;
        }
        pl_assert(bytes <= PL_FRAME_BYTES_MAX);
        memcpy(out + count, frame, (size_t)bytes);
        count += (size_t)bytes;
    }
    return count;
}

/* True: there may be more. */
static bool write_some(struct pl_connection *connection)
{
    uint8_t *out = connection->home->out;
    size_t bytes = gather(connection, out);
    size_t sent = bytes > 0 ? send_some(connection, out, bytes) : 0;

    if (!connection->is_broken && sent < bytes)
        keep_left(connection, out + sent, bytes - sent);
    return !connection->is_broken && sent == bytes && bytes >= PL_WRITE_BYTES;
}

static void write_all(struct pl_connection *connection)
{
    while (write_some(connection))
        continue;
    if (connection->left == NULL && !connection->is_broken)
        tell_written(connection);
}

static void note_sign_of_life(struct pl_connection *connection)
{
    connection->heard_us = pl_clock_now_us();
    connection->is_asked = false;
}

/* The kernel has room again: the client reads. */
static void write_left(struct pl_connection *connection)
{
    connection->left_sent +=
        send_some(connection, connection->left + connection->left_sent, connection->left_bytes - connection->left_sent);
    note_sign_of_life(connection);
    if (connection->left_sent < connection->left_bytes)
        return;
    free(connection->left);
    connection->left = NULL;
    pl_io_loop_change(&connection->home->io, &connection->source, connection->fd, EPOLLIN);
}

/* What was handed on before is with the kernel by now: who waits for that need not wait for what others have to say. */
static void flush(struct pl_connection *connection)
{
    if (connection->left == NULL && !connection->is_broken) {
        tell_written(connection);
        write_all(connection);
    }
    tell_over(connection);
    if (!is_over(connection))
        return;
    end_session(connection);
    if (connection->is_broken)
        close_socket(connection);
    else
        hang_up(connection);
}

static void on_flush(struct pl_task *task)
{
    struct pl_connection *connection = pl_container_of(task, struct pl_connection, flush);

    connection->is_flushing = false;
    if (connection->session != NULL)
        flush(connection);
    drop(connection);
}

void pl_connection_flush_later(struct pl_connection *connection)
{
    if (connection->is_flushing)
        return;
    connection->is_flushing = true;
    connection->holds++;
    pl_loop_defer(&connection->home->io.loop, &connection->flush);
}

/* ---- reading ---- */

/* What it says while it hangs up is of no use to anybody. */
static void discard(struct pl_connection *connection)
{
    ssize_t got = recv(connection->fd, connection->home->in, PL_READ_BYTES, 0);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        close_socket(connection);
}

static void read_some(struct pl_connection *connection)
{
    ssize_t got = recv(connection->fd, connection->home->in, PL_READ_BYTES, 0);

    if (got > 0) {
        note_sign_of_life(connection);
        if (nghttp2_session_mem_recv(connection->session, connection->home->in, (size_t)got) != got)
            connection->is_broken = true;
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        connection->is_broken = true;
    }
}

static void on_ready(struct pl_source *source, uint32_t events)
{
    struct pl_connection *connection = pl_container_of(source, struct pl_connection, source);

    if (connection->session == NULL) {
        discard(connection);
        return;
    }
    if ((events & EPOLLOUT) != 0 && connection->left != NULL)
        write_left(connection);
    if (!connection->is_broken && (events & ~(uint32_t)EPOLLOUT) != 0)
        read_some(connection);
    tell_over(connection);
    if (connection->is_broken || (events & EPOLLOUT) != 0 || nghttp2_session_want_write(connection->session) ||
        is_over(connection))
        pl_connection_flush_later(connection);
}

/* ---- the life ---- */

static void ask(struct pl_connection *connection, int64_t now_us)
{
    nghttp2_submit_ping(connection->session, NGHTTP2_FLAG_NONE, NULL);
    pl_connection_flush_later(connection);
    connection->is_asked = true;
    pl_timers_arm(timers_of(connection), &connection->watch, now_us + KEEPALIVE_ANSWER_US);
}

static void on_watch(struct pl_timer *timer)
{
    struct pl_connection *connection = pl_container_of(timer, struct pl_connection, watch);
    int64_t now_us = pl_clock_now_us();

    if (connection->session == NULL || !connection->has_greeted || connection->is_asked)
        pl_connection_cut(connection);
    else if (now_us - connection->heard_us >= KEEPALIVE_US)
        ask(connection, now_us);
    else
        pl_timers_arm(timers_of(connection), &connection->watch, connection->heard_us + KEEPALIVE_US);
}

static void on_open(struct pl_task *task)
{
    struct pl_connection *connection = pl_container_of(task, struct pl_connection, open);
    struct pl_home *home = connection->home;

    connection->session = pl_session_new(connection);
    pl_io_loop_add(&home->io, &connection->source, connection->fd, EPOLLIN);
    TAILQ_INSERT_TAIL(&home->connections, connection, link);
    pl_timers_arm(timers_of(connection), &connection->watch, pl_clock_now_us() + GREETING_US);
    pl_connection_flush_later(connection);
}

void pl_connection_open(struct pl_rpc *rpc, int fd, const struct pl_peer *peer)
{
    struct pl_home *home = &rpc->homes[atomic_fetch_add(&rpc->next_home, 1) % rpc->home_count];
    struct pl_connection *connection = calloc(1, sizeof(*connection));

    pl_assert(connection != NULL);
    connection->home = home;
    connection->source.ready = on_ready;
    connection->open.run = on_open;
    connection->flush.run = on_flush;
    connection->watch.run = on_watch;
    connection->peer = *peer;
    connection->fd = fd;
    connection->holds = 1;
    TAILQ_INIT(&connection->calls);
    TAILQ_INIT(&connection->over);
    TAILQ_INIT(&connection->handed);
    pl_mailbox_post(&home->io.loop.mailbox, &connection->open);
}
