/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A connection is ended by shutdown(2): its http thread then reads the end of the stream and closes. The descriptor is
 * closed only after the connection has left the list, so that shutdown never hits another's.
 */
#include "gateway/http/connections.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define uthash_fatal(message) pl_assert_failed(message, __FILE__, __LINE__)
#include <uthash.h>

#include "gateway/http/request.h"

struct address_count {
    struct in6_addr address;
    unsigned count;
    UT_hash_handle hh;
};

void pl_http_connections_init(struct pl_http_connections *connections, unsigned max, unsigned per_address_max)
{
    pthread_condattr_t attributes;

    *connections = (struct pl_http_connections){.max = max, .per_address_max = per_address_max, .open = true};
    TAILQ_INIT(&connections->list);
    pthread_mutex_init(&connections->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&connections->empty, &attributes);
    pthread_condattr_destroy(&attributes);
}

void pl_http_connections_fini(struct pl_http_connections *connections)
{
    pl_assert(connections->count == 0);
    pthread_cond_destroy(&connections->empty);
    pthread_mutex_destroy(&connections->lock);
}

static struct address_count *get_address(struct pl_http_connections *connections, const struct in6_addr *address)
{
    struct address_count *found;

    HASH_FIND(hh, connections->addresses, address, sizeof(*address), found);
    if (found != NULL)
        return found;
    found = calloc(1, sizeof(*found));
    pl_assert(found != NULL);
    found->address = *address;
    HASH_ADD(hh, connections->addresses, address, sizeof(found->address), found);
    return found;
}

bool pl_http_connections_add(struct pl_http_connections *connections, struct pl_http_request *request)
{
    bool added = false;

    pthread_mutex_lock(&connections->lock);
    if (connections->count - connections->kept < connections->max) {
        struct address_count *address = get_address(connections, &request->address);
        added = connections->per_address_max == 0 || address->count < connections->per_address_max;
        if (added) {
            address->count++;
            connections->count++;
            TAILQ_INSERT_TAIL(&connections->list, request, link);
        }
    }
    pthread_mutex_unlock(&connections->lock);
    return added;
}

static void uncount(struct pl_http_connections *connections, const struct in6_addr *from)
{
    struct address_count *address = get_address(connections, from);

    if (--address->count == 0) {
        HASH_DEL(connections->addresses, address);
        free(address);
    }
    if (--connections->count == 0)
        pthread_cond_broadcast(&connections->empty);
}

void pl_http_connections_remove(struct pl_http_connections *connections, struct pl_http_request *request)
{
    pthread_mutex_lock(&connections->lock);
    TAILQ_REMOVE(&connections->list, request, link);
    uncount(connections, &request->address);
    pthread_mutex_unlock(&connections->lock);
}

void pl_http_connections_keep(struct pl_http_connections *connections, const struct in6_addr *address)
{
    pthread_mutex_lock(&connections->lock);
    get_address(connections, address)->count++;
    connections->count++;
    connections->kept++;
    pthread_mutex_unlock(&connections->lock);
}

void pl_http_connections_drop(struct pl_http_connections *connections, const struct in6_addr *address)
{
    pthread_mutex_lock(&connections->lock);
    connections->kept--;
    uncount(connections, address);
    pthread_mutex_unlock(&connections->lock);
}

void pl_http_connections_end(struct pl_http_connections *connections)
{
    pthread_mutex_lock(&connections->lock);
    connections->open = false;
    pthread_cond_broadcast(&connections->empty);
    pthread_mutex_unlock(&connections->lock);
}

/* The deadline is taken, so that shutdown happens once. */
static bool take_late(struct pl_http_request *request, int64_t now_us)
{
    int64_t deadline = atomic_load(&request->deadline_us);

    return deadline <= now_us && atomic_compare_exchange_strong(&request->deadline_us, &deadline, INT64_MAX);
}

void pl_http_connections_sweep(struct pl_http_connections *connections, int64_t now_us, bool idle)
{
    struct pl_http_request *request;

    pthread_mutex_lock(&connections->lock);
    TAILQ_FOREACH (request, &connections->list, link) {
        if (!take_late(request, now_us) && !(idle && atomic_load(&request->idle)))
            continue;
        atomic_store(&request->late, true);
        shutdown(request->fd, SHUT_RD);
    }
    pthread_mutex_unlock(&connections->lock);
}

void pl_http_connections_cut(struct pl_http_connections *connections)
{
    struct pl_http_request *request;

    pthread_mutex_lock(&connections->lock);
    TAILQ_FOREACH (request, &connections->list, link)
        shutdown(request->fd, SHUT_RDWR);
    pthread_mutex_unlock(&connections->lock);
}

bool pl_http_connections_wait(struct pl_http_connections *connections, int64_t deadline_us)
{
    struct timespec until = {.tv_sec = deadline_us / 1000000, .tv_nsec = deadline_us % 1000000 * 1000};
    int code = 0;

    pthread_mutex_lock(&connections->lock);
    while ((connections->open || connections->count > 0) && code == 0)
        code = pthread_cond_timedwait(&connections->empty, &connections->lock, &until);
    bool empty = !connections->open && connections->count == 0;
    pthread_mutex_unlock(&connections->lock);
    return empty;
}
