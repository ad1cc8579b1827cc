/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* SETTINGS and PING are answered, and windows opened again, by nghttp2 itself. */
#include "bench/connection.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/fail.h"
#include "bench/stream.h"
#include "gateway/http2/endpoint.h"
#include "gateway/http2/session.h"

enum {
    EVENTS = 256,
    READ_BYTES = 256 << 10,
};

/* ---- what nghttp2 calls ---- */

/* NOLINTNEXTLINE(readability-function-size): the parameters are nghttp2's. */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_bytes,
                     const uint8_t *value, size_t value_bytes, uint8_t flags, void *context)
{
    struct bench_stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    (void)name_bytes;
    (void)value_bytes;
    (void)flags;
    (void)context;
    if (stream != NULL)
        bench_stream_header(stream, (const char *)name, (const char *)value);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data, size_t bytes,
                   void *context)
{
    struct bench_stream *stream = nghttp2_session_get_stream_user_data(session, stream_id);
    (void)flags;
    (void)context;
    if (stream != NULL)
        bench_stream_data(stream, data, bytes);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *context)
{
    const struct bench_stream *stream = nghttp2_session_get_stream_user_data(session, stream_id);
    (void)context;
    if (stream != NULL)
        bench_stream_ended(stream, code);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    (void)session;
    (void)context;
    if (frame->hd.type == NGHTTP2_GOAWAY)
        bench_fail("the server takes no more streams on a connection: %s: %.*s",
                   nghttp2_http2_strerror(frame->goaway.error_code), (int)frame->goaway.opaque_data_len,
                   (const char *)frame->goaway.opaque_data);
    return 0;
}

static const struct pl_http2_callbacks callbacks = {
    .on_header = on_header, .on_data = on_data, .on_stream_close = on_stream_close, .on_frame = on_frame};

/* ---- in ---- */

static void receive(struct bench_connection *connection)
{
    uint8_t data[READ_BYTES];
    ssize_t got = recv(connection->fd, data, sizeof(data), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        bench_fail("a connection broke: %s", got == 0 ? "the server closed it" : strerror(errno));
    ssize_t taken = nghttp2_session_mem_recv(connection->session, data, (size_t)got);
    if (taken != got)
        bench_fail("a connection broke: %s", nghttp2_strerror((int)taken));
}

/* ---- out ---- */

void bench_connection_soil(struct bench_connection *connection)
{
    if (connection->is_dirty)
        return;
    connection->is_dirty = true;
    TAILQ_INSERT_TAIL(&connection->poll->dirty, connection, dirty);
}

static void gather(struct bench_connection *connection)
{
    const uint8_t *said;
    ssize_t bytes;
    while ((bytes = nghttp2_session_mem_send(connection->session, &said)) > 0)
        pl_buf_put(&connection->out, said, (size_t)bytes);
    if (bytes < 0)
        bench_fail("a connection broke: %s", nghttp2_strerror((int)bytes));
}

static void watch(struct bench_connection *connection, int operation)
{
    struct epoll_event event = {.events = EPOLLIN | (connection->is_blocked ? EPOLLOUT : 0), .data.ptr = connection};
    pl_assert(epoll_ctl(connection->poll->fd, operation, connection->fd, &event) == 0);
}

static void flush(struct bench_connection *connection)
{
    if (connection->is_blocked)
        return; /* what it has to say is gathered when there is room */
    struct pl_buf *out = &connection->out;
    gather(connection);
    if (out->bytes == 0)
        return;
    ssize_t sent = send(connection->fd, out->data, out->bytes, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        bench_fail("a connection broke: %s", strerror(errno));
    size_t done = sent > 0 ? (size_t)sent : 0;
    out->bytes -= done;
    if (out->bytes == 0)
        return;
    memmove(out->data, out->data + done, out->bytes);
    connection->is_blocked = true;
    watch(connection, EPOLL_CTL_MOD);
}

void bench_poll_flush(struct bench_poll *poll)
{
    struct bench_connection *connection;
    while ((connection = TAILQ_FIRST(&poll->dirty)) != NULL) {
        TAILQ_REMOVE(&poll->dirty, connection, dirty);
        connection->is_dirty = false;
        flush(connection);
    }
}

/* ---- turns ---- */

static void on_ready(struct bench_connection *connection, uint32_t events)
{
    if ((events & EPOLLOUT) != 0) {
        connection->is_blocked = false;
        watch(connection, EPOLL_CTL_MOD);
        bench_connection_soil(connection);
    }
    if ((events & ~(uint32_t)EPOLLOUT) != 0)
        receive(connection);
    if (nghttp2_session_want_write(connection->session))
        bench_connection_soil(connection);
}

void bench_poll_wait(struct bench_poll *poll, int64_t wait_us)
{
    struct epoll_event events[EVENTS];
    struct timespec wait = {.tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000};
    int ready = epoll_pwait2(poll->fd, events, EVENTS, &wait, NULL);
    for (int i = 0; i < ready; i++)
        on_ready(events[i].data.ptr, events[i].events);
}

/* ---- start and end ---- */

void bench_poll_open(struct bench_poll *poll)
{
    TAILQ_INIT(&poll->dirty);
    poll->fd = epoll_create1(EPOLL_CLOEXEC);
    pl_assert(poll->fd >= 0 && prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0) == 0);
}

void bench_poll_close(struct bench_poll *poll)
{
    close(poll->fd);
}

static int connect_to(const struct pl_http2_endpoint *endpoint, const struct addrinfo *address)
{
    int fd = pl_http2_endpoint_connect(endpoint, address);
    struct pollfd waited = {.fd = fd, .events = POLLOUT};
    if (fd < 0 || (poll(&waited, 1, -1) == 1 && (waited.revents & (POLLERR | POLLHUP)) == 0))
        return fd;
    close(fd);
    return -1;
}

static int connect_to_any(const char *text)
{
    struct pl_http2_endpoint endpoint;
    if (!pl_http2_endpoint_parse(&endpoint, text))
        bench_fail("%s is neither host:port nor unix:/path", text);
    if (endpoint.is_unix)
        return connect_to(&endpoint, NULL);
    struct addrinfo *addresses = pl_http2_endpoint_look_up(&endpoint, false);
    int fd = -1;
    for (const struct addrinfo *address = addresses; address != NULL && fd < 0; address = address->ai_next)
        fd = connect_to(&endpoint, address);
    if (addresses != NULL)
        freeaddrinfo(addresses);
    return fd;
}

void bench_connection_open(struct bench_connection *connection, struct bench_poll *poll, const char *endpoint)
{
    *connection = (struct bench_connection){.poll = poll, .fd = connect_to_any(endpoint)};
    if (connection->fd < 0)
        bench_fail("no connection to %s", endpoint);
    pl_buf_init(&connection->out, SIZE_MAX / 4);
    connection->session = pl_http2_session_new(&callbacks, NULL);
    watch(connection, EPOLL_CTL_ADD);
    bench_connection_soil(connection);
}

void bench_connection_close(struct bench_connection *connection)
{
    if (connection->is_dirty)
        TAILQ_REMOVE(&connection->poll->dirty, connection, dirty);
    nghttp2_session_del(connection->session);
    close(connection->fd);
    pl_buf_fini(&connection->out);
}
