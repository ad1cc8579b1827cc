/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A setting such as admin-listen made into a listening TCP socket. */
#ifndef PL_BASE_LISTEN_H
#define PL_BASE_LISTEN_H

#include "base/status.h"

/*
 * address is host:port with an IPv4 address, an IPv6 address in brackets or localhost; without a host, 127.0.0.1.
 * *ret_fd is non-blocking and the caller's. PL_INVALID_ARGUMENT or PL_UNAVAILABLE (the port is in use) with a sentence
 * in error, which names the setting.
 */
enum pl_status pl_listen(const char *setting, const char *address, int *ret_fd, int *ret_port, char *error,
                         unsigned error_bytes) PL_MUST_CHECK;

#endif
