/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * HTTP for operators, on its own port and thread: GET /metrics (Prometheus text), /livez (200 while the process runs)
 * and /readyz (200, or 503 while ready() says false). No authentication: it is meant for loopback or a private network.
 */
#ifndef PL_ADMIN_ADMIN_H
#define PL_ADMIN_ADMIN_H

#include <stdbool.h>

#include "base/config.h"
#include "base/metrics.h"
#include "base/status.h"

struct pl_admin;

/*
 * Listens on config->admin_listen: host:port with an IPv4 address, an IPv6 address in brackets or localhost; without a
 * host, 127.0.0.1. An empty setting is PL_OK and *ret_admin NULL. metrics and context are borrowed until close; ready
 * runs on the listener's thread and must not block. PL_INVALID_ARGUMENT or PL_UNAVAILABLE (the port is in use) with a
 * sentence in error, which names the setting.
 */
enum pl_status pl_admin_open(const struct pl_config *config, const struct pl_metrics *metrics,
                             bool (*ready)(void *context), void *context, struct pl_admin **ret_admin, char *error,
                             unsigned error_bytes) PL_MUST_CHECK;
/* Ends open requests, waits for the thread. NULL is allowed. */
void pl_admin_close(struct pl_admin *admin);
/* The port that it got, for port 0 in the setting; 0 for NULL. */
int pl_admin_port(const struct pl_admin *admin);

#endif
