/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to server/rpc: how many connections are open, and from where. Core owns an accepted socket and tells nobody
 * when it closes it. A socket is therefore known by its descriptor and its inode together: while fstat of the
 * descriptor still shows the inode, it is the same socket and it is open. Any thread.
 */
#ifndef PL_RPC_CONNECTIONS_H
#define PL_RPC_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct pl_connections;

/* For descriptors below fds_max. */
struct pl_connections *pl_connections_new(size_t fds_max);
void pl_connections_free(struct pl_connections *connections);
/* An accepted socket, before core gets it. False when its number is too high to be counted. */
bool pl_connections_add(struct pl_connections *connections, int fd, const struct sockaddr_storage *peer);
/* Forgets what was closed; how many are left. One fstat for each. */
size_t pl_connections_sweep(struct pl_connections *connections);
/* As of the last sweep; never too low. */
size_t pl_connections_count(struct pl_connections *connections);
/* "127.0.0.1:5000", "[::1]:5000", "unix"; "" when the descriptor was never a connection. */
void pl_connections_peer(struct pl_connections *connections, int fd, char *ret_text, size_t bytes);

#endif
