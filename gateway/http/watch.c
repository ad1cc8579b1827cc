/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "gateway/http/watch.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "gateway/http/request.h"
#include "gateway/http/server.h"

enum { EVENTS_MAX = 64 };

void pl_watch_init(struct pl_watch *watch)
{
    pthread_mutex_init(&watch->lock, NULL);
    watch->fd = epoll_create1(EPOLL_CLOEXEC);
}

void pl_watch_fini(struct pl_watch *watch)
{
    if (watch->fd >= 0)
        close(watch->fd);
    pthread_mutex_destroy(&watch->lock);
}

void pl_watch_begin(struct pl_watch *watch, struct pl_http_request *request)
{
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = request};
    /* The system may give no more of these: then the answer finds out. */
    if (epoll_ctl(watch->fd, EPOLL_CTL_ADD, request->fd, &event) != 0)
        request->gone = NULL;
}

void pl_watch_end(struct pl_watch *watch, struct pl_http_request *request)
{
    if (request->gone == NULL)
        return;
    pthread_mutex_lock(&watch->lock);
    pl_assert(epoll_ctl(watch->fd, EPOLL_CTL_DEL, request->fd, NULL) == 0);
    pthread_mutex_unlock(&watch->lock);
}

void pl_watch_run(struct pl_watch *watch)
{
    struct epoll_event events[EVENTS_MAX];
    pthread_mutex_lock(&watch->lock);
    int count = epoll_wait(watch->fd, events, EVENTS_MAX, 0);
    for (int i = 0; i < count; i++) {
        const struct pl_http_request *request = events[i].data.ptr;
        request->gone(request->gone_context);
    }
    pthread_mutex_unlock(&watch->lock);
}

void pl_http_watch(struct pl_http_request *request, void (*gone)(void *context), void *context)
{
    request->gone = gone;
    request->gone_context = context;
    pl_watch_begin(&request->server->watch, request);
}

void pl_http_unwatch(struct pl_http_request *request)
{
    pl_watch_end(&request->server->watch, request);
}
