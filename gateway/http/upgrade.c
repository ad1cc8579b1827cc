/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * libmicrohttpd keeps the connection with its memory (32 KiB, of which some pages are touched) until it is told to
 * close it. So the socket is duplicated and the original closed at once: an upgraded connection costs the HTTP side
 * what struct pl_http_socket takes. What libmicrohttpd had in its epoll set it has taken out before it calls us.
 */
#include "gateway/http/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/http/request.h"
#include "gateway/http/server.h"

struct pl_http_socket {
    struct pl_http_server *server;
    struct in6_addr address;
    int fd;
};

static struct pl_http_socket *new_socket(const struct pl_http_request *request, int fd)
{
    struct pl_http_socket *socket = malloc(sizeof(*socket));

    pl_assert(socket != NULL);
    *socket = (struct pl_http_socket){.server = request->server, .address = request->address, .fd = fd};
    pl_http_connections_keep(&request->server->connections, &request->address);
    return socket;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are MHD's. */
void pl_http_take_over(void *context, struct MHD_Connection *connection, void *state, const char *extra,
                       size_t extra_bytes, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
    struct pl_http_request *request = state;
    int own = -1;
    int on = 1;
    (void)context;
    (void)connection;
    (void)extra;

    /* What came behind the request was dropped by the framing: the client did not wait for the answer, as it must. */
    if (!request->framing.excess && extra_bytes == 0) {
        own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (own < 0)
            pl_log(PL_LOG_ERROR, "upgrade_failed", PL_LOG_TEXT("error", strerror(errno)));
    }
    if (own >= 0)
        setsockopt(own, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* MHD has used it its own way */
    if (own >= 0)
        request->upgrade.upgraded(new_socket(request, own), request->upgrade.context);
    MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
    pl_http_lane_resume(request->lane);
}

int pl_http_socket_fd(const struct pl_http_socket *socket)
{
    return socket->fd;
}

void pl_http_socket_close(struct pl_http_socket *socket)
{
    close(socket->fd);
    pl_http_connections_drop(&socket->server->connections, &socket->address);
    free(socket);
}
