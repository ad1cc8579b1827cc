/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "rpc/cork.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/status.h"

enum { PLACES_MIN = 64 };

/* It fails where core has closed the connection, and nothing waits. */
static void set_cork(int fd, int is_on)
{
    setsockopt(fd, IPPROTO_TCP, TCP_CORK, &is_on, sizeof(is_on));
}

static void uncork_all(struct pl_cork *cork)
{
    for (unsigned i = 0; i < cork->corked_count; i++) {
        cork->connections[cork->corked[i]].is_corked = false;
        set_cork(cork->corked[i], 0);
    }
    cork->corked_count = 0;
    cork->writes = 0;
}

static void end_turn(struct pl_task *task)
{
    struct pl_cork *cork = pl_container_of(task, struct pl_cork, task);

    cork->is_deferred = false;
    uncork_all(cork);
}

void pl_cork_init(struct pl_cork *cork, struct pl_loop *loop)
{
    *cork = (struct pl_cork){.loop = loop, .task.run = end_turn};
}

void pl_cork_fini(struct pl_cork *cork)
{
    free(cork->connections);
}

static void make_place(struct pl_cork *cork, int fd)
{
    int places = cork->places < PLACES_MIN ? PLACES_MIN : cork->places;

    while (places <= fd)
        places *= 2;
    if (places == cork->places)
        return;
    cork->connections = realloc(cork->connections, (size_t)places * sizeof(*cork->connections));
    pl_assert(cork->connections != NULL);
    memset(cork->connections + cork->places, 0, (size_t)(places - cork->places) * sizeof(*cork->connections));
    cork->places = places;
}

void pl_cork_add_stream(struct pl_cork *cork, int fd)
{
    if (fd < 0)
        return;
    make_place(cork, fd);
    cork->connections[fd].streams++;
}

void pl_cork_remove_stream(struct pl_cork *cork, int fd)
{
    if (fd >= 0)
        cork->connections[fd].streams--;
}

void pl_cork_write(struct pl_cork *cork, int fd)
{
    if (fd < 0 || cork->connections[fd].streams < 2)
        return;
    if (cork->writes == PL_CORK_WRITES_MAX)
        uncork_all(cork);
    cork->writes++;
    if (cork->connections[fd].is_corked)
        return;
    cork->connections[fd].is_corked = true;
    cork->corked[cork->corked_count++] = fd;
    set_cork(fd, 1);
    if (!cork->is_deferred)
        pl_loop_defer(cork->loop, &cork->task);
    cork->is_deferred = true;
}
