/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: an address of the configuration made into listening sockets. */
#ifndef PL_RPC_SOCKETS_H
#define PL_RPC_SOCKETS_H

#include "base/status.h"

enum { PL_SOCKETS_MAX = 8 };

struct pl_sockets {
    int fds[PL_SOCKETS_MAX]; /* non-blocking, listening */
    unsigned count;
    int port;              /* 0 for a unix socket */
    const char *unix_path; /* borrowed from the address; NULL for TCP */
};

/*
 * One socket for each address that the host has. SO_REUSEADDR but not SO_REUSEPORT: a second server on the port fails
 * instead of sharing it. PL_INVALID_ARGUMENT or PL_UNAVAILABLE with a sentence in error.
 */
enum pl_status pl_sockets_open(const char *address, struct pl_sockets *ret_sockets, char *error,
                               unsigned error_bytes) PL_MUST_CHECK;
/* Also removes the unix socket's file. */
void pl_sockets_close(struct pl_sockets *sockets);

#endif
