/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * One libmicrohttpd daemon with one thread. Connections are few and small, and idle ones are closed; a peer that feeds
 * a request byte by byte can hold its connection, which is why this port is not for public networks.
 */
#include "admin/admin.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/listen.h"
#include "base/process.h"

enum { CONNECTIONS_MAX = 32, CONNECTION_BYTES_MAX = 16 << 10, IDLE_S_MAX = 10, METRICS_BYTES_MAX = 1 << 20 };

static const char content_type_text[] = "text/plain; charset=utf-8";
static const char content_type_metrics[] = "text/plain; version=0.0.4; charset=utf-8";

struct pl_admin {
    struct MHD_Daemon *daemon;
    struct pl_admin_options options;
    int port;
    double started_s;
};

struct reply {
    unsigned status;
    const char *content_type;
    const char *allow; /* NULL but for 405. */
    const void *body;
    size_t bytes;
};

/* The body is copied. MHD leaves it out for HEAD. */
static enum MHD_Result send_reply(struct MHD_Connection *connection, const struct reply *reply)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->bytes, (void *)reply->body, MHD_RESPMEM_MUST_COPY);

    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (reply->allow != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
    enum MHD_Result result = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct reply reply = {.status = status, .content_type = content_type_text, .body = text, .bytes = strlen(text)};

    return send_reply(connection, &reply);
}

static enum MHD_Result send_metrics(const struct pl_admin *admin, struct MHD_Connection *connection)
{
    struct pl_buf buf;

    pl_buf_init(&buf, METRICS_BYTES_MAX);
    pl_metrics_format(&admin->options.metrics, &buf);
    pl_process_format(admin->started_s, &buf);
    pl_assert(!buf.overflowed);
    struct reply reply = {
        .status = MHD_HTTP_OK, .content_type = content_type_metrics, .body = buf.data, .bytes = buf.bytes};
    enum MHD_Result result = send_reply(connection, &reply);
    pl_buf_fini(&buf);
    return result;
}

static enum MHD_Result refuse_method(struct MHD_Connection *connection)
{
    static const char text[] = "only GET and HEAD\n";
    struct reply reply = {.status = MHD_HTTP_METHOD_NOT_ALLOWED,
                          .content_type = content_type_text,
                          .allow = "GET, HEAD",
                          .body = text,
                          .bytes = sizeof(text) - 1};

    return send_reply(connection, &reply);
}

static enum MHD_Result send_alive(const struct pl_admin *admin, struct MHD_Connection *connection)
{
    (void)admin;
    return send_text(connection, MHD_HTTP_OK, "ok\n");
}

static enum MHD_Result send_readiness(const struct pl_admin *admin, struct MHD_Connection *connection)
{
    if (!admin->options.ready(admin->options.context))
        return send_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "not ready\n");
    return send_text(connection, MHD_HTTP_OK, "ready\n");
}

static enum MHD_Result refuse_path(const struct pl_admin *admin, struct MHD_Connection *connection)
{
    (void)admin;
    return send_text(connection, MHD_HTTP_NOT_FOUND, "there are /metrics, /livez and /readyz\n");
}

static const struct endpoint {
    const char *path;
    enum MHD_Result (*answer)(const struct pl_admin *admin, struct MHD_Connection *connection);
} endpoints[] = {
    {"/metrics", send_metrics},
    {"/livez", send_alive},
    {"/readyz", send_readiness},
};

static const struct endpoint *find_endpoint(const char *path)
{
    static const struct endpoint unknown = {.answer = refuse_path};

    for (unsigned i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
        if (strcmp(path, endpoints[i].path) == 0)
            return &endpoints[i];
    return &unknown;
}

/*
 * MHD calls this for the headers, then for each piece of a body, then once more. A method that is refused is answered
 * at the headers, upon which MHD reads no body and closes.
 */
/* NOLINTNEXTLINE(readability-function-size): the parameters are MHD's. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *upload, size_t *upload_bytes,
                                  void **state)
{
    const struct endpoint *endpoint = find_endpoint(path);
    (void)version;
    (void)upload;

    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return endpoint->path == NULL ? refuse_path(context, connection) : refuse_method(connection);
    if (*state == NULL) {
        *state = context;
        return MHD_YES;
    }
    if (*upload_bytes > 0) {
        *upload_bytes = 0;
        return MHD_YES;
    }
    return endpoint->answer(context, connection);
}

static struct MHD_Daemon *start_daemon(struct pl_admin *admin, int fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, admin, MHD_OPTION_LISTEN_SOCKET,
                            fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES_MAX,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S_MAX, MHD_OPTION_END);
}

enum pl_status pl_admin_open(const struct pl_admin_options *options, struct pl_admin **ret_admin, char *error,
                             unsigned error_bytes)
{
    int fd;
    int port;

    if (options->listen[0] == '\0') {
        *ret_admin = NULL;
        return PL_OK;
    }
    enum pl_status status = pl_listen("admin-listen", options->listen, &fd, &port, error, error_bytes);
    if (status != PL_OK)
        return status;
    struct pl_admin *admin = malloc(sizeof(*admin));
    pl_assert(admin != NULL);
    *admin = (struct pl_admin){.options = *options, .port = port, .started_s = pl_process_started_s()};
    admin->daemon = start_daemon(admin, fd);
    if (admin->daemon == NULL) {
        /* Some of MHD's failures close the socket and some do not; closing it twice could hit another's. */
        snprintf(error, error_bytes, "admin-listen: the HTTP listener did not start (threads or descriptors ran out)");
        free(admin);
        return PL_UNAVAILABLE;
    }
    *ret_admin = admin;
    return PL_OK;
}

void pl_admin_close(struct pl_admin *admin)
{
    if (admin == NULL)
        return;
    MHD_stop_daemon(admin->daemon);
    free(admin);
}

int pl_admin_port(const struct pl_admin *admin)
{
    return admin == NULL ? 0 : admin->port;
}
