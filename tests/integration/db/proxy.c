/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "integration/db/proxy.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/cmocka.h"

#define CHUNK_BYTES 65536
#define SYNC_BYTES 5
#define CONNECTIONS_MAX 64
/* Names of statements as they stand in the Bind messages of a transaction's last chunk, with their NUL. */
static const char append_mark[] = "APPEND_FEED";
static const char flush_mark[] = "WATERMARKS_RAISE";

struct proxy {
    char folder[64];
    char conninfo[160];
    struct sockaddr_un own;
    struct sockaddr_un server;
    int listener;
    int ends[2]; /* closing ends[1] ends all threads */
    int release[2];
    atomic_int cut;
    pthread_t acceptor;
    unsigned connection_count;
    pthread_t connections[CONNECTIONS_MAX];
};

struct connection {
    struct proxy *proxy;
    int client;
    int server;
    char chunk[CHUNK_BYTES];
};

static bool send_all(int fd, const char *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t sent = send(fd, data, bytes, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data += sent;
        bytes -= (size_t)sent;
    }
    return true;
}

static void wait_for(int fd, int end)
{
    struct pollfd waited[2] = {{.fd = fd, .events = POLLIN}, {.fd = end, .events = POLLIN}};
    poll(waited, 2, -1);
}

/* The chunk is the end of a transaction. */
static void cut(struct connection *connection, enum proxy_cut how, size_t bytes)
{
    const char *sync = connection->chunk + bytes - SYNC_BYTES;
    send_all(connection->server, connection->chunk, how == PROXY_CUT_REPLY ? bytes : bytes - SYNC_BYTES);
    if (how == PROXY_CUT_REPLY)
        wait_for(connection->server, connection->proxy->ends[0]);
    if (how == PROXY_CUT_SURVIVOR) {
        shutdown(connection->client, SHUT_RDWR);
        wait_for(connection->proxy->release[0], connection->proxy->ends[0]);
        send_all(connection->server, sync, SYNC_BYTES);
        wait_for(connection->server, connection->proxy->ends[0]);
    }
}

static bool has(const struct connection *connection, ssize_t bytes, const char *text, size_t text_bytes)
{
    return memmem(connection->chunk, (size_t)bytes, text, text_bytes) != NULL;
}

/* And not where the statements are prepared. */
static bool ends_transaction(const struct connection *connection, ssize_t bytes)
{
    return (has(connection, bytes, append_mark, sizeof(append_mark)) ||
            has(connection, bytes, flush_mark, sizeof(flush_mark))) &&
           !has(connection, bytes, "insert into", strlen("insert into"));
}

/* False: the connection is over. */
static bool forward_to_server(struct connection *connection)
{
    ssize_t bytes = recv(connection->client, connection->chunk, sizeof(connection->chunk), 0);
    if (bytes <= 0)
        return false;
    if (ends_transaction(connection, bytes)) {
        enum proxy_cut how = (enum proxy_cut)atomic_exchange(&connection->proxy->cut, PROXY_CUT_NEVER);
        if (how != PROXY_CUT_NEVER) {
            cut(connection, how, (size_t)bytes);
            return false;
        }
    }
    return send_all(connection->server, connection->chunk, (size_t)bytes);
}

static bool forward_to_client(struct connection *connection)
{
    ssize_t bytes = recv(connection->server, connection->chunk, sizeof(connection->chunk), 0);
    return bytes > 0 && send_all(connection->client, connection->chunk, (size_t)bytes);
}

static void *serve(void *argument)
{
    struct connection *connection = argument;
    struct pollfd waited[3] = {{.fd = connection->client, .events = POLLIN},
                               {.fd = connection->server, .events = POLLIN},
                               {.fd = connection->proxy->ends[0], .events = POLLIN}};
    for (;;) {
        poll(waited, 3, -1);
        if (waited[2].revents != 0 || (waited[0].revents != 0 && !forward_to_server(connection)) ||
            (waited[1].revents != 0 && !forward_to_client(connection)))
            break;
    }
    close(connection->client);
    close(connection->server);
    free(connection);
    return NULL;
}

static void take_connection(struct proxy *proxy)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    assert_true(connection != NULL && proxy->connection_count < CONNECTIONS_MAX);
    connection->proxy = proxy;
    connection->client = accept(proxy->listener, NULL, NULL);
    connection->server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* A server that is away shows as a connection that ends at once. */
    if (connect(connection->server, (const struct sockaddr *)&proxy->server, sizeof(proxy->server)) != 0)
        shutdown(connection->client, SHUT_RDWR);
    pthread_create(&proxy->connections[proxy->connection_count++], NULL, serve, connection);
}

static void *accept_all(void *argument)
{
    struct proxy *proxy = argument;
    struct pollfd waited[2] = {{.fd = proxy->listener, .events = POLLIN}, {.fd = proxy->ends[0], .events = POLLIN}};
    for (;;) {
        poll(waited, 2, -1);
        if (waited[1].revents != 0)
            return NULL;
        take_connection(proxy);
    }
}

struct proxy *proxy_start(const struct database *database)
{
    struct proxy *proxy = calloc(1, sizeof(*proxy));
    assert_non_null(proxy);
    snprintf(proxy->folder, sizeof(proxy->folder), "/tmp/parley-proxy.XXXXXX");
    assert_non_null(mkdtemp(proxy->folder));
    proxy->own.sun_family = proxy->server.sun_family = AF_UNIX;
    snprintf(proxy->own.sun_path, sizeof(proxy->own.sun_path), "%.60s/.s.PGSQL.5432", proxy->folder);
    snprintf(proxy->server.sun_path, sizeof(proxy->server.sun_path), "%.80s/.s.PGSQL.5432",
             database_server_socket_folder());
    snprintf(proxy->conninfo, sizeof(proxy->conninfo), "host=%s user=parley dbname=%s", proxy->folder, database->name);
    assert_int_equal(pipe(proxy->ends), 0);
    assert_int_equal(pipe(proxy->release), 0);
    proxy->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(proxy->listener, (const struct sockaddr *)&proxy->own, sizeof(proxy->own)), 0);
    assert_int_equal(listen(proxy->listener, 16), 0);
    assert_int_equal(pthread_create(&proxy->acceptor, NULL, accept_all, proxy), 0);
    return proxy;
}

void proxy_stop(struct proxy *proxy)
{
    close(proxy->ends[1]);
    pthread_join(proxy->acceptor, NULL);
    for (unsigned i = 0; i < proxy->connection_count; i++)
        pthread_join(proxy->connections[i], NULL);
    close(proxy->ends[0]);
    close(proxy->release[0]);
    close(proxy->release[1]);
    close(proxy->listener);
    unlink(proxy->own.sun_path);
    rmdir(proxy->folder);
    free(proxy);
}

const char *proxy_conninfo(const struct proxy *proxy)
{
    return proxy->conninfo;
}

void proxy_arm(struct proxy *proxy, enum proxy_cut how)
{
    atomic_store(&proxy->cut, (int)how);
}

void proxy_release(struct proxy *proxy)
{
    assert_int_equal(write(proxy->release[1], "", 1), 1);
}
