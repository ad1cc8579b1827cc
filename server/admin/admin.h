/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * HTTP for operators, on its own port and thread: GET /metrics (Prometheus text: the
 * table's and process.def), /livez (200 while the process runs)
 * and /readyz (200, or 503 while ready() says false). No authentication: it is meant for loopback or a private network.
 */
#ifndef PL_ADMIN_ADMIN_H
#define PL_ADMIN_ADMIN_H

#include <stdbool.h>

#include "base/metrics.h"
#include "base/status.h"

struct pl_admin;

struct pl_admin_options {
    const char *listen; /* the setting admin-listen */
    struct pl_metrics_table metrics;
    bool (*ready)(void *context); /* on the listener's thread; must not block */
    void *context;
};

/*
 * Listens on options->listen: host:port with an IPv4 address, an IPv6 address in brackets or localhost; without a
 * host, 127.0.0.1. An empty setting is PL_OK and *ret_admin NULL. What options points at is borrowed until close.
 * PL_INVALID_ARGUMENT or PL_UNAVAILABLE (the port is in use) with a sentence in error, which names the setting.
 */
enum pl_status pl_admin_open(const struct pl_admin_options *options, struct pl_admin **ret_admin, char *error,
                             unsigned error_bytes) PL_MUST_CHECK;
/* Ends open requests, waits for the thread. NULL is allowed. */
void pl_admin_close(struct pl_admin *admin);
/* The port that it got, for port 0 in the setting; 0 for NULL. */
int pl_admin_port(const struct pl_admin *admin);

#endif
