/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One thread with poll; nghttp2 speaks HTTP/2. */
#include "grpc_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/cmocka.h"

enum {
    CONNECTIONS_MAX = 8,
    BODY_BYTES_MAX = 1 << 20,
    WINDOW_BYTES = 16 << 20,
    READ_BYTES = 64 << 10,
    MUCH_CHARS = 40000,
    MORE_STREAMS = 100,
};

struct connection;

struct stream {
    struct connection *connection;
    int32_t id;
    char path[32];
    uint8_t body[BODY_BYTES_MAX];
    size_t body_bytes;
    size_t sent_bytes;
    bool has_status;
    struct stream *next; /* of those that are held */
};

struct connection {
    struct grpc_server *server;
    int fd;
    nghttp2_session *session;
    unsigned streams;
    unsigned requests; /* of this read */
    bool cut;
};

struct grpc_server {
    char folder[32];
    char path[64];
    char endpoint[80];
    unsigned streams_max;
    pthread_t thread;
    int listen_fd; /* below 0: stopped */
    int quit_fd;
    struct connection connections[CONNECTIONS_MAX];
    unsigned count;
    struct stream *held;
    pthread_mutex_t lock; /* guards seen */
    struct grpc_server_seen seen;
};

static bool is(const struct stream *stream, const char *path)
{
    return strcmp(stream->path, path) == 0;
}

static nghttp2_nv pair(const char *name, const char *value)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
                        .value = (uint8_t *)(uintptr_t)value,
                        .namelen = strlen(name),
                        .valuelen = strlen(value)};
}

/* MUCH_CHARS of them; static. */
static nghttp2_nv much(void)
{
    static char text[MUCH_CHARS + 1];
    memset(text, 'x', MUCH_CHARS);
    return pair("x-much", text);
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are nghttp2's. */
static ssize_t read_reply(nghttp2_session *session, int32_t id, uint8_t *data, size_t room, uint32_t *ret_flags,
                          nghttp2_data_source *source, void *context)
{
    struct stream *stream = source->ptr;
    nghttp2_nv trailers[] = {pair("grpc-status", "0"), much()};
    size_t bytes = stream->body_bytes - stream->sent_bytes;
    (void)context;
    if (is(stream, "/bytes") && bytes > 1)
        bytes = 1;
    bytes = bytes < room ? bytes : room;
    memcpy(data, stream->body + stream->sent_bytes, bytes);
    stream->sent_bytes += bytes;
    if (stream->sent_bytes < stream->body_bytes)
        return (ssize_t)bytes;
    *ret_flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!is(stream, "/wordless")) {
        *ret_flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        assert_int_equal(nghttp2_submit_trailer(session, id, trailers, is(stream, "/verbose") ? 2 : 1), 0);
    }
    return (ssize_t)bytes;
}

static void echo(struct stream *stream)
{
    nghttp2_nv head[] = {pair(":status", "200"), pair("content-type", "application/grpc"),
                         pair("ratelimit", "\"q\";r=9;t=1"), pair("ratelimit-policy", "\"q\";q=10;w=1")};
    nghttp2_data_provider body = {.source.ptr = stream, .read_callback = read_reply};
    size_t count = is(stream, "/limited") ? 4 : is(stream, "/verbose") ? 3 : 2;
    if (is(stream, "/verbose"))
        head[2] = much();
    assert_int_equal(nghttp2_submit_response(stream->connection->session, stream->id, head, count, &body), 0);
}

/* The details are a google.rpc.Status with the code 5: 08 05. */
static void refuse(const struct stream *stream)
{
    nghttp2_nv head[] = {pair(":status", "200"), pair("content-type", "application/grpc"), pair("grpc-status", "5"),
                         pair("grpc-message", "no%20chat%0Ahere"), pair("grpc-status-details-bin", "CAU")};
    assert_int_equal(nghttp2_submit_response(stream->connection->session, stream->id, head, 5, NULL), 0);
}

static void reset(const struct stream *stream, uint32_t code)
{
    nghttp2_submit_rst_stream(stream->connection->session, NGHTTP2_FLAG_NONE, stream->id, code);
}

static void say_goaway(const struct connection *connection, int32_t last_id)
{
    nghttp2_submit_goaway(connection->session, NGHTTP2_FLAG_NONE, last_id, NGHTTP2_NO_ERROR, NULL, 0);
}

static void hold(struct stream *stream)
{
    stream->next = stream->connection->server->held;
    stream->connection->server->held = stream;
}

static void take_more(struct stream *stream)
{
    nghttp2_settings_entry settings = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MORE_STREAMS};
    nghttp2_submit_settings(stream->connection->session, NGHTTP2_FLAG_NONE, &settings, 1);
    hold(stream);
}

/* The head of a frame; zeros: no bytes of DATA, without flags, of stream 0. */
static void send_garbage(const struct connection *connection)
{
    static const uint8_t head[9];
    assert_int_equal(send(connection->fd, head, sizeof head, MSG_NOSIGNAL), sizeof head);
}

static void release(struct grpc_server *server)
{
    for (; server->held != NULL; server->held = server->held->next)
        echo(server->held);
}

static void spoil(struct stream *stream)
{
    if (is(stream, "/excess"))
        stream->body[stream->body_bytes++] = 'x';
    else if (is(stream, "/compressed"))
        stream->body[0] = 1;
    else if (is(stream, "/large"))
        stream->body[2] = 0x20;
    else if (is(stream, "/huge"))
        memset(stream->body + 1, 0xff, 4);
    else if (is(stream, "/short"))
        stream->body_bytes--;
    else if (is(stream, "/nothing"))
        stream->body_bytes = 0;
    echo(stream);
}

static void answer(struct stream *stream)
{
    struct connection *connection = stream->connection;
    if (is(stream, "/silent"))
        return;
    if (is(stream, "/refused")) {
        refuse(stream);
    } else if (is(stream, "/unprocessed")) {
        reset(stream, NGHTTP2_REFUSED_STREAM);
    } else if (is(stream, "/reset")) {
        reset(stream, NGHTTP2_INTERNAL_ERROR);
    } else if (is(stream, "/cut")) {
        connection->cut = true;
    } else if (is(stream, "/held")) {
        hold(stream);
    } else if (is(stream, "/more")) {
        take_more(stream);
    } else if (is(stream, "/garbage")) {
        send_garbage(connection);
    } else if (is(stream, "/unheard")) {
        say_goaway(connection, stream->id - 2);
    } else if (is(stream, "/going")) {
        say_goaway(connection, stream->id);
        hold(stream);
    } else {
        if (is(stream, "/release"))
            release(connection->server);
        spoil(stream);
    }
}

/* ---- what nghttp2 calls ---- */

static int on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct connection *connection = context;
    struct grpc_server *server = connection->server;
    struct stream *stream = calloc(1, sizeof *stream);
    assert_non_null(stream);
    stream->connection = connection;
    stream->id = frame->hd.stream_id;
    nghttp2_session_set_stream_user_data(session, stream->id, stream);
    connection->streams++;
    connection->requests++;
    pthread_mutex_lock(&server->lock);
    if (connection->streams > server->seen.most_streams)
        server->seen.most_streams = connection->streams;
    if (connection->requests > server->seen.most_requests)
        server->seen.most_requests = connection->requests;
    pthread_mutex_unlock(&server->lock);
    return 0;
}

static void note(struct grpc_server *server, const char *name, const char *value, uint8_t flags)
{
    pthread_mutex_lock(&server->lock);
    if (strcmp(name, ":authority") == 0)
        snprintf(server->seen.authority, sizeof server->seen.authority, "%s", value);
    else if (strcmp(name, "grpc-timeout") == 0)
        snprintf(server->seen.timeout, sizeof server->seen.timeout, "%s", value);
    if (strcmp(name, "x-api-key") == 0) {
        snprintf(server->seen.api_key, sizeof server->seen.api_key, "%s", value);
        server->seen.is_indexed = (flags & NGHTTP2_NV_FLAG_NO_INDEX) == 0;
    }
    pthread_mutex_unlock(&server->lock);
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are nghttp2's. */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_bytes,
                     const uint8_t *value, size_t value_bytes, uint8_t flags, void *context)
{
    const struct connection *connection = context;
    struct stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    (void)name_bytes;
    (void)value_bytes;
    if (strcmp((const char *)name, ":path") == 0)
        snprintf(stream->path, sizeof stream->path, "%s", (const char *)value);
    note(connection->server, (const char *)name, (const char *)value, flags);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t bytes,
                   void *context)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(session, id);
    (void)flags;
    (void)context;
    assert_true(stream->body_bytes + bytes < sizeof stream->body);
    memcpy(stream->body + stream->body_bytes, data, bytes);
    stream->body_bytes += bytes;
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct connection *connection = context;
    if (frame->hd.type == NGHTTP2_DATA && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
        answer(nghttp2_session_get_stream_user_data(session, frame->hd.stream_id));
    if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code == NGHTTP2_CANCEL) {
        pthread_mutex_lock(&connection->server->lock);
        connection->server->seen.cancelled++;
        pthread_mutex_unlock(&connection->server->lock);
    }
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *context)
{
    struct connection *connection = context;
    (void)code;
    free(nghttp2_session_get_stream_user_data(session, id));
    connection->streams--;
    return 0;
}

/* ---- the thread ---- */

static void add_connection(struct grpc_server *server)
{
    struct connection *connection = &server->connections[server->count++];
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES},
                                         {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, server->streams_max}};
    nghttp2_session_callbacks *callbacks;
    assert_true(server->count <= CONNECTIONS_MAX);
    *connection = (struct connection){.server = server, .fd = accept(server->listen_fd, NULL, NULL)};
    assert_true(connection->fd >= 0);
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    assert_int_equal(nghttp2_session_server_new(&connection->session, callbacks, connection), 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, server->streams_max > 0 ? 2 : 1);
    assert_int_equal(nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, WINDOW_BYTES), 0);
    pthread_mutex_lock(&server->lock);
    server->seen.connections++;
    pthread_mutex_unlock(&server->lock);
}

static void flush(const struct connection *connection)
{
    const uint8_t *data;
    ssize_t bytes;
    while (connection->fd >= 0 && (bytes = nghttp2_session_mem_send(connection->session, &data)) > 0)
        if (send(connection->fd, data, (size_t)bytes, MSG_NOSIGNAL) != bytes)
            return;
}

/* Streams that are still open end with their session, without a word. */
static void end_connection(struct connection *connection)
{
    if (connection->fd < 0)
        return;
    for (int32_t id = 1; connection->streams > 0; id += 2) {
        struct stream *stream = nghttp2_session_get_stream_user_data(connection->session, id);
        connection->streams -= stream != NULL;
        free(stream);
    }
    nghttp2_session_del(connection->session);
    close(connection->fd);
    connection->fd = -1;
}

static void serve(struct connection *connection)
{
    static uint8_t data[READ_BYTES];
    ssize_t bytes = recv(connection->fd, data, sizeof data, 0);
    connection->requests = 0;
    if (bytes <= 0 || nghttp2_session_mem_recv(connection->session, data, (size_t)bytes) != bytes || connection->cut)
        end_connection(connection);
}

static void *run(void *argument)
{
    struct grpc_server *server = argument;
    for (;;) {
        struct pollfd fds[2 + CONNECTIONS_MAX] = {{.fd = server->quit_fd, .events = POLLIN},
                                                  {.fd = server->listen_fd, .events = POLLIN}};
        unsigned count = server->count;
        for (unsigned i = 0; i < count; i++)
            fds[2 + i] = (struct pollfd){.fd = server->connections[i].fd, .events = POLLIN};
        assert_true(poll(fds, 2 + count, -1) > 0);
        if (fds[0].revents != 0)
            return NULL;
        if (fds[1].revents != 0)
            add_connection(server);
        for (unsigned i = 0; i < count; i++)
            if (fds[2 + i].revents != 0)
                serve(&server->connections[i]);
        for (unsigned i = 0; i < server->count; i++)
            flush(&server->connections[i]);
    }
}

struct grpc_server *grpc_server_new(unsigned streams_max)
{
    struct grpc_server *server = calloc(1, sizeof *server);
    assert_non_null(server);
    snprintf(server->folder, sizeof server->folder, "/tmp/parley-http2.XXXXXX");
    assert_non_null(mkdtemp(server->folder));
    snprintf(server->path, sizeof server->path, "%s/grpc.sock", server->folder);
    snprintf(server->endpoint, sizeof server->endpoint, "unix:%s", server->path);
    server->streams_max = streams_max;
    server->listen_fd = -1;
    server->quit_fd = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&server->lock, NULL);
    return server;
}

static void listen_at(struct grpc_server *server, const struct sockaddr *address, socklen_t bytes)
{
    server->listen_fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listen_fd, address, bytes), 0);
    assert_int_equal(listen(server->listen_fd, CONNECTIONS_MAX), 0);
}

void grpc_server_start_deaf(struct grpc_server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, server->path, sizeof server->path);
    listen_at(server, (const struct sockaddr *)&address, sizeof address);
}

void grpc_server_hear(struct grpc_server *server)
{
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
}

void grpc_server_start(struct grpc_server *server)
{
    grpc_server_start_deaf(server);
    grpc_server_hear(server);
}

void grpc_server_start_by_name(struct grpc_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    listen_at(server, (const struct sockaddr *)&address, bytes);
    assert_int_equal(getsockname(server->listen_fd, (struct sockaddr *)&address, &bytes), 0);
    snprintf(server->endpoint, sizeof server->endpoint, "localhost:%u", ntohs(address.sin_port));
    grpc_server_hear(server);
}

static void end_thread(struct grpc_server *server)
{
    eventfd_t count;
    assert_int_equal(eventfd_write(server->quit_fd, 1), 0);
    pthread_join(server->thread, NULL);
    assert_int_equal(eventfd_read(server->quit_fd, &count), 0);
}

static void close_all(struct grpc_server *server)
{
    for (unsigned i = 0; i < server->count; i++)
        end_connection(&server->connections[i]);
    server->count = 0;
    server->held = NULL;
    close(server->listen_fd);
    server->listen_fd = -1;
    assert_true(unlink(server->path) == 0 || errno == ENOENT);
}

void grpc_server_stop(struct grpc_server *server)
{
    if (server->listen_fd < 0)
        return;
    end_thread(server);
    close_all(server);
}

void grpc_server_part(struct grpc_server *server)
{
    end_thread(server);
    release(server);
    for (unsigned i = 0; i < server->count; i++)
        flush(&server->connections[i]);
    close_all(server);
}

void grpc_server_free(struct grpc_server *server)
{
    grpc_server_stop(server);
    assert_int_equal(rmdir(server->folder), 0);
    close(server->quit_fd);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

const char *grpc_server_endpoint(const struct grpc_server *server)
{
    return server->endpoint;
}

struct grpc_server_seen grpc_server_seen(struct grpc_server *server)
{
    pthread_mutex_lock(&server->lock);
    struct grpc_server_seen seen = server->seen;
    pthread_mutex_unlock(&server->lock);
    return seen;
}
