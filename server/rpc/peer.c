/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "rpc/peer.h"

#include <arpa/inet.h>
#include <stdio.h>

struct pl_peer pl_peer_of(const struct sockaddr_storage *address)
{
    struct pl_peer peer = {.family = address->ss_family};

    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        peer.address = v6->sin6_addr;
        peer.port = v6->sin6_port;
    } else if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        *(struct in_addr *)(void *)&peer.address = v4->sin_addr;
        peer.port = v4->sin_port;
    }
    return peer;
}

void pl_peer_format(const struct pl_peer *peer, char ret_text[PL_PEER_TEXT_BYTES])
{
    char address[INET6_ADDRSTRLEN] = "";

    switch (peer->family) {
    case AF_INET:
        inet_ntop(AF_INET, &peer->address, address, sizeof(address));
        snprintf(ret_text, PL_PEER_TEXT_BYTES, "%s:%u", address, ntohs(peer->port));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &peer->address, address, sizeof(address));
        snprintf(ret_text, PL_PEER_TEXT_BYTES, "[%s]:%u", address, ntohs(peer->port));
        break;
    default:
        snprintf(ret_text, PL_PEER_TEXT_BYTES, "unix");
        break;
    }
}
