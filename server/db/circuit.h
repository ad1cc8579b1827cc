/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The circuit breaker: while none of the connections that could do a piece of work can be opened,
 * that work is refused at once instead of queued. A circuit stands for one or more connections; it
 * is open while all of them are away. What closes it is a reconnect attempt that works. Any thread.
 */
#ifndef PL_DB_CIRCUIT_H
#define PL_DB_CIRCUIT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/metrics.h"

/* All circuits of the process. */
struct pl_circuits {
    atomic_uint open;
    /* NULL, or told when the first opened and when the last closed. */
    void (*turned)(void *context);
    void *context;
    struct pl_metrics *metrics;
};

struct pl_circuit {
    struct pl_circuits *all;
    atomic_uint away;
    unsigned connections;
};

void pl_circuit_init(struct pl_circuit *circuit, struct pl_circuits *all, unsigned connections);
/* One connection is away, or back again; each of them says so once. */
void pl_circuit_lose(struct pl_circuit *circuit);
void pl_circuit_regain(struct pl_circuit *circuit);
bool pl_circuit_is_open(const struct pl_circuit *circuit);

#endif
