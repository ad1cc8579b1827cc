/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: where a connection came from, for logs. Any thread. */
#ifndef PL_RPC_PEER_H
#define PL_RPC_PEER_H

#include <netinet/in.h>
#include <sys/socket.h>

enum { PL_PEER_TEXT_BYTES = 64 };

struct pl_peer {
    sa_family_t family;
    in_port_t port; /* network order */
    struct in6_addr address;
};

struct pl_peer pl_peer_of(const struct sockaddr_storage *address);
/* "127.0.0.1:5000", "[::1]:5000", "unix". */
void pl_peer_format(const struct pl_peer *peer, char ret_text[PL_PEER_TEXT_BYTES]);

#endif
