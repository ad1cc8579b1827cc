/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What nghttp2 wants to send gathers in a buffer and is written at the end of the turn. The socket is watched edge by
 * edge for both directions, so that waiting for room costs no system call of its own.
 *
 * Ends of calls are told behind nghttp2's own callbacks, which must not be entered again; the end of the connection,
 * which frees it, only by what is deferred.
 */
#include "gateway/http2/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "gateway/http2/answer.h"
#include "gateway/http2/session.h"

enum {
    READ_BYTES = 64 << 10,
    WRITE_BYTES = 64 << 10,
    OWN_HEADERS = 8,
    STREAM_ID_MAX = 1 << 30, /* a connection that has used as many is replaced before they run out */
};

struct pl_http2_connection {
    struct pl_http2_connection_options options;
    struct pl_source source;
    struct pl_task flush;
    int fd;
    nghttp2_session *session;
    struct pl_http2_calls ended; /* to be told */
    unsigned calls;              /* submitted, and not ended or cancelled */
    unsigned cancelled;          /* streams of calls that nobody waits for */
    bool ready;
    bool going;
    bool broken;
    bool flushing; /* flush is deferred */
    bool blocked;  /* the socket has no room */
    char timeout[32];
    uint8_t *out;
    size_t out_bytes;
    size_t out_sent;
};

static void go(struct pl_http2_connection *connection)
{
    if (connection->going)
        return;
    connection->going = true;
    connection->options.events->going(connection->options.owner, connection);
}

/* ---- what nghttp2 calls ---- */

/* NOLINTNEXTLINE(readability-function-size): the parameters are nghttp2's. */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_bytes,
                     const uint8_t *value, size_t value_bytes, uint8_t flags, void *context)
{
    struct pl_http2_call *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    (void)flags;
    (void)context;
    if (call != NULL)
        pl_http2_answer_header(call, (const char *)name, name_bytes, (const char *)value, value_bytes);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data, size_t bytes,
                   void *context)
{
    const struct pl_http2_connection *connection = context;
    struct pl_http2_call *call = nghttp2_session_get_stream_user_data(session, stream_id);
    (void)flags;
    if (call != NULL)
        pl_http2_answer_data(call, data, bytes, connection->options.reply_bytes_max);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *context)
{
    struct pl_http2_connection *connection = context;
    struct pl_http2_call *call = nghttp2_session_get_stream_user_data(session, stream_id);
    if (call == NULL) {
        connection->cancelled--;
        return 0;
    }
    connection->calls--;
    if (code == NGHTTP2_REFUSED_STREAM)
        call->outcome = PL_HTTP2_UNSENT;
    else
        call->outcome = pl_http2_answer_is_whole(call) ? PL_HTTP2_ANSWERED : PL_HTTP2_BROKEN;
    TAILQ_INSERT_TAIL(&connection->ended, call, wait);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct pl_http2_connection *connection = context;
    (void)session;
    if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0 && !connection->ready) {
        connection->ready = true;
        connection->options.events->ready(connection->options.owner);
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
        go(connection);
    }
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are nghttp2's. */
static ssize_t read_body(nghttp2_session *session, int32_t stream_id, uint8_t *data, size_t room, uint32_t *ret_flags,
                         nghttp2_data_source *source, void *context)
{
    struct pl_http2_call *call = nghttp2_session_get_stream_user_data(session, stream_id);
    size_t bytes;
    (void)source;
    (void)context;
    if (call == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    bytes = call->body_bytes - call->body_sent;
    if (bytes > room)
        bytes = room;
    memcpy(data, call->body + call->body_sent, bytes);
    call->body_sent += bytes;
    if (call->body_sent == call->body_bytes)
        *ret_flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)bytes;
}

static const struct pl_http2_callbacks callbacks = {
    .on_header = on_header, .on_data = on_data, .on_stream_close = on_stream_close, .on_frame = on_frame};

/* ---- ends ---- */

/* Room comes of ends, of streams of cancelled calls that are closed, and of the server's settings. */
static void tell(struct pl_http2_connection *connection)
{
    struct pl_http2_call *call;
    while ((call = TAILQ_FIRST(&connection->ended)) != NULL) {
        TAILQ_REMOVE(&connection->ended, call, wait);
        connection->options.events->ended(connection->options.owner, call);
    }
    if (pl_http2_connection_room(connection) > 0)
        connection->options.events->room(connection->options.owner);
}

/* nghttp2 wants nothing more once it has told the server what that has done against the protocol. */
static bool is_over(const struct pl_http2_connection *connection)
{
    bool is_wanted = nghttp2_session_want_read(connection->session) || nghttp2_session_want_write(connection->session);
    return connection->broken || !is_wanted || (connection->going && connection->calls == 0);
}

/* ---- the socket ---- */

static bool is_full(const struct pl_http2_connection *connection)
{
    return connection->out_bytes >= WRITE_BYTES;
}

/* As much as nghttp2 has, up to the buffer's size. A frame has up to 16 KiB and its head. */
static void gather(struct pl_http2_connection *connection)
{
    const uint8_t *frame;
    ssize_t bytes = 1;
    while (bytes > 0 && !is_full(connection)) {
        bytes = nghttp2_session_mem_send(connection->session, &frame);
        if (bytes > 0) {
            memcpy(connection->out + connection->out_bytes, frame, (size_t)bytes);
            connection->out_bytes += (size_t)bytes;
        }
    }
    connection->broken = connection->broken || bytes < 0;
}

/* False when nothing more is there. */
static bool read_some(struct pl_http2_connection *connection, bool is_ending)
{
    uint8_t data[READ_BYTES];
    ssize_t got = recv(connection->fd, data, sizeof data, 0);
    if (got > 0) {
        connection->broken = nghttp2_session_mem_recv(connection->session, data, (size_t)got) != got;
        return !connection->broken && (is_ending || (size_t)got == sizeof data);
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR && errno != ENOTCONN))
        connection->broken = true;
    return false;
}

/* The server has closed; what it had answered before is still there. */
static void take_rest(struct pl_http2_connection *connection)
{
    while (read_some(connection, true))
        continue;
    connection->broken = true;
}

/* False when there is nothing more to send, or no room for it. */
static bool write_some(struct pl_http2_connection *connection)
{
    ssize_t sent;
    if (connection->out_sent == connection->out_bytes) {
        connection->out_sent = connection->out_bytes = 0;
        gather(connection);
    }
    if (connection->out_bytes == 0 || connection->broken)
        return false;
    sent = send(connection->fd, connection->out + connection->out_sent, connection->out_bytes - connection->out_sent,
                MSG_NOSIGNAL);
    if (sent > 0)
        connection->out_sent += (size_t)sent;
    else if (errno == EAGAIN || errno == ENOTCONN)
        connection->blocked = true;
    else if (errno != EINTR)
        take_rest(connection);
    return !connection->blocked && !connection->broken;
}

static void write_all(struct pl_http2_connection *connection)
{
    while (write_some(connection))
        continue;
}

static void on_flush(struct pl_task *task)
{
    struct pl_http2_connection *connection = pl_container_of(task, struct pl_http2_connection, flush);
    connection->flushing = false;
    if (!connection->blocked && !connection->broken)
        write_all(connection);
    tell(connection);
    if (is_over(connection))
        connection->options.events->closed(connection->options.owner, connection);
}

static void flush_later(struct pl_http2_connection *connection)
{
    if (connection->flushing)
        return;
    connection->flushing = true;
    pl_loop_defer(&connection->options.loop->loop, &connection->flush);
}

static void on_ready(struct pl_source *source, uint32_t events)
{
    struct pl_http2_connection *connection = pl_container_of(source, struct pl_http2_connection, source);
    /* The edge of an end comes once, maybe with the last bytes: it is read for. */
    bool is_ending = (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0;
    if ((events & EPOLLOUT) != 0)
        connection->blocked = false;
    while ((is_ending || (events & EPOLLIN) != 0) && !connection->broken && read_some(connection, is_ending))
        continue;
    tell(connection);
    if (is_over(connection) || nghttp2_session_want_write(connection->session) ||
        connection->out_sent < connection->out_bytes)
        flush_later(connection);
}

/* ---- for the client ---- */

struct pl_http2_connection *pl_http2_connection_new(const struct pl_http2_connection_options *options, int fd)
{
    struct pl_http2_connection *connection = calloc(1, sizeof *connection);
    pl_assert(connection != NULL);
    connection->options = *options;
    connection->source.ready = on_ready;
    connection->flush.run = on_flush;
    connection->fd = fd;
    connection->session = pl_http2_session_new(&callbacks, connection);
    connection->out = malloc(2 * WRITE_BYTES);
    pl_assert(connection->out != NULL);
    TAILQ_INIT(&connection->ended);
    snprintf(connection->timeout, sizeof connection->timeout, "%lldm", (long long)options->deadline_ms);
    pl_io_loop_add(options->loop, &connection->source, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    flush_later(connection);
    return connection;
}

void pl_http2_connection_free(struct pl_http2_connection *connection)
{
    if (connection->flushing)
        STAILQ_REMOVE(&connection->options.loop->loop.deferred, &connection->flush, pl_task, next);
    pl_io_loop_remove(connection->options.loop, &connection->source, connection->fd);
    nghttp2_session_del(connection->session);
    close(connection->fd);
    free(connection->out);
    free(connection);
}

unsigned pl_http2_connection_room(const struct pl_http2_connection *connection)
{
    uint32_t max = nghttp2_session_get_remote_settings(connection->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    unsigned streams = connection->calls + connection->cancelled;
    if (!connection->ready || connection->going || connection->broken || streams >= max)
        return 0;
    return max - streams;
}

/* Headers of a call differ from call to call, and some are secrets: neither belongs into the table of HPACK. */
static size_t put_headers(const struct pl_http2_connection *connection, const struct pl_http2_call *call,
                          nghttp2_nv *ret_pairs)
{
    size_t count = 0;
    ret_pairs[count++] = pl_http2_pair(":method", "POST", 0);
    ret_pairs[count++] = pl_http2_pair(":scheme", "http", 0);
    ret_pairs[count++] = pl_http2_pair(":path", call->path, 0);
    ret_pairs[count++] = pl_http2_pair(":authority", connection->options.authority, 0);
    ret_pairs[count++] = pl_http2_pair("te", "trailers", 0);
    ret_pairs[count++] = pl_http2_pair("content-type", "application/grpc", 0);
    ret_pairs[count++] = pl_http2_pair("user-agent", "parley-gateway", 0);
    ret_pairs[count++] = pl_http2_pair("grpc-timeout", connection->timeout, 0);
    for (unsigned i = 0; i < call->header_count; i++)
        ret_pairs[count++] = pl_http2_pair(call->headers[i].name, call->headers[i].value, NGHTTP2_NV_FLAG_NO_INDEX);
    return count;
}

void pl_http2_connection_submit(struct pl_http2_connection *connection, struct pl_http2_call *call)
{
    nghttp2_nv pairs[OWN_HEADERS + PL_UNARY_HEADERS_MAX];
    nghttp2_data_provider body = {.read_callback = read_body};
    size_t count = put_headers(connection, call, pairs);
    call->connection = connection;
    call->stream_id = nghttp2_submit_request(connection->session, NULL, pairs, count, &body, call);
    connection->calls++;
    flush_later(connection);
    pl_assert(call->stream_id > 0);
    if (nghttp2_session_get_next_stream_id(connection->session) > STREAM_ID_MAX)
        go(connection);
}

void pl_http2_connection_cancel(struct pl_http2_connection *connection, struct pl_http2_call *call)
{
    pl_assert(call->connection == connection);
    nghttp2_session_set_stream_user_data(connection->session, call->stream_id, NULL);
    nghttp2_submit_rst_stream(connection->session, NGHTTP2_FLAG_NONE, call->stream_id, NGHTTP2_CANCEL);
    connection->calls--;
    connection->cancelled++;
    flush_later(connection);
}
