/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to server/rpc: what one turn writes to the streams of one connection leaves together. Core makes a sendmsg
 * for each stream that is written to; where several streams of a loop share a connection (a proxy's, a backend's) the
 * kernel is asked to wait (TCP_CORK) until the turn is over, or PL_CORK_WRITES_MAX writes are made. A connection with
 * one stream, and one over a unix socket, pays nothing. On the loop's thread.
 *
 * Loops know nothing of each other: what another loop writes to the connection meanwhile waits as well, or makes this
 * one's leave sooner. While the loop's thread waits for a core nothing of the connection leaves, for 200 ms at most.
 *
 * A descriptor may have been closed, and have become another one, while a stream's end is on its way: then that socket
 * is corked for a turn, as if it had one more stream.
 */
#ifndef PL_RPC_CORK_H
#define PL_RPC_CORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"

struct pl_corkable {
    uint32_t streams; /* of this loop on the connection */
    bool is_corked;
};

enum { PL_CORK_WRITES_MAX = 64 };

struct pl_cork {
    struct pl_loop *loop;
    struct pl_corkable *connections; /* by descriptor */
    int places;
    int corked[PL_CORK_WRITES_MAX];
    unsigned corked_count;
    unsigned writes;
    bool is_deferred;
    struct pl_task task;
};

void pl_cork_init(struct pl_cork *cork, struct pl_loop *loop);
void pl_cork_fini(struct pl_cork *cork);
/* A stream on the connection begins or is gone; fd -1: it is not known, and nothing happens. */
void pl_cork_add_stream(struct pl_cork *cork, int fd);
void pl_cork_remove_stream(struct pl_cork *cork, int fd);
/* Before each write. */
void pl_cork_write(struct pl_cork *cork, int fd);

#endif
