/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/admin: the setting admin-listen made into a listening socket. */
#ifndef PL_ADMIN_LISTEN_H
#define PL_ADMIN_LISTEN_H

#include "base/status.h"

/* *ret_fd is non-blocking and the caller's. A sentence in error on failure. */
enum pl_status pl_admin_listen(const char *address, int *ret_fd, int *ret_port, char *error,
                               unsigned error_bytes) PL_MUST_CHECK;

#endif
