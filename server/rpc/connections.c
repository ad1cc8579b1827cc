/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A table by descriptor. An entry that was closed stays until the next sweep, or until its number is accepted again; so
 * the peer of a call can still be logged just after its connection closed.
 */
#include "rpc/connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/status.h"

struct entry {
    bool open;
    ino_t inode;
    dev_t device;
    sa_family_t family;
    in_port_t port; /* network order */
    struct in6_addr address;
};

struct pl_connections {
    pthread_mutex_t lock; /* guards all below */
    size_t count;
    size_t used; /* entries from here on were never used */
    size_t entry_count;
    struct entry entries[];
};

struct pl_connections *pl_connections_new(size_t fds_max)
{
    struct pl_connections *connections = calloc(1, sizeof(*connections) + fds_max * sizeof(struct entry));

    pl_assert(connections != NULL);
    pthread_mutex_init(&connections->lock, NULL);
    connections->entry_count = fds_max;
    return connections;
}

void pl_connections_free(struct pl_connections *connections)
{
    pthread_mutex_destroy(&connections->lock);
    free(connections);
}

static void set_peer(struct entry *entry, const struct sockaddr_storage *peer)
{
    entry->family = peer->ss_family;
    if (peer->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
        entry->address = v6->sin6_addr;
        entry->port = v6->sin6_port;
    } else if (peer->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
        *(struct in_addr *)(void *)&entry->address = v4->sin_addr;
        entry->port = v4->sin_port;
    }
}

bool pl_connections_add(struct pl_connections *connections, int fd, const struct sockaddr_storage *peer)
{
    struct stat info;
    struct entry *entry;

    if ((size_t)fd >= connections->entry_count || fstat(fd, &info) != 0)
        return false;
    pthread_mutex_lock(&connections->lock);
    entry = &connections->entries[fd];
    connections->count += entry->open ? 0 : 1; /* an open entry was closed unseen */
    *entry = (struct entry){.open = true, .inode = info.st_ino, .device = info.st_dev};
    set_peer(entry, peer);
    if ((size_t)fd >= connections->used)
        connections->used = (size_t)fd + 1;
    pthread_mutex_unlock(&connections->lock);
    return true;
}

static bool still_open(const struct entry *entry, int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 && info.st_ino == entry->inode && info.st_dev == entry->device;
}

size_t pl_connections_sweep(struct pl_connections *connections)
{
    size_t count;

    pthread_mutex_lock(&connections->lock);
    for (size_t fd = 0; fd < connections->used; fd++) {
        struct entry *entry = &connections->entries[fd];
        if (entry->open && !still_open(entry, (int)fd)) {
            entry->open = false;
            connections->count--;
        }
    }
    count = connections->count;
    pthread_mutex_unlock(&connections->lock);
    return count;
}

size_t pl_connections_count(struct pl_connections *connections)
{
    size_t count;

    pthread_mutex_lock(&connections->lock);
    count = connections->count;
    pthread_mutex_unlock(&connections->lock);
    return count;
}

static void format_peer(const struct entry *entry, char *text, size_t bytes)
{
    char address[INET6_ADDRSTRLEN] = "";

    switch (entry->family) {
    case AF_INET:
        inet_ntop(AF_INET, &entry->address, address, sizeof(address));
        snprintf(text, bytes, "%s:%u", address, ntohs(entry->port));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &entry->address, address, sizeof(address));
        snprintf(text, bytes, "[%s]:%u", address, ntohs(entry->port));
        break;
    case AF_UNIX:
        snprintf(text, bytes, "unix");
        break;
    default:
        snprintf(text, bytes, "%s", "");
        break;
    }
}

void pl_connections_peer(struct pl_connections *connections, int fd, char *ret_text, size_t bytes)
{
    struct entry entry = {0};

    if (fd >= 0 && (size_t)fd < connections->entry_count) {
        pthread_mutex_lock(&connections->lock);
        entry = connections->entries[fd];
        pthread_mutex_unlock(&connections->lock);
    }
    format_peer(&entry, ret_text, bytes);
}
