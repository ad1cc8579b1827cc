/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: the addresses of the configuration made into listening sockets. */
#ifndef PL_RPC_SOCKETS_H
#define PL_RPC_SOCKETS_H

#include "base/status.h"

enum { PL_SOCKETS_MAX = 16 };

struct pl_sockets {
    int fds[PL_SOCKETS_MAX]; /* non-blocking, listening */
    unsigned count;
    int port; /* of the first host:port; 0 when there are unix sockets only */
};

/*
 * addresses: "host:port", "[v6]:port" and "unix:/path", separated by commas. A host gives one socket for each address
 * that it has. SO_REUSEADDR but not SO_REUSEPORT: a second server on the port fails instead of sharing it. A unix
 * socket is open to its owner and group (mode 0660). All or nothing: PL_INVALID_ARGUMENT or PL_UNAVAILABLE with a
 * sentence in error.
 */
enum pl_status pl_sockets_open(const char *addresses, struct pl_sockets *ret_sockets, char *error,
                               unsigned error_bytes) PL_MUST_CHECK;
/* Also removes the files of unix sockets. */
void pl_sockets_close(struct pl_sockets *sockets);

#endif
