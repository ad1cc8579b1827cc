/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/circuit.h"

#include "base/log.h"

static void turn(const struct pl_circuits *all, bool open)
{
    /* Turns of two threads may overtake each other here, so this must not tell the last of them. */
    pl_metrics_add(all->metrics, PL_METRIC_database_circuit_open, open ? 1 : -1);
    if (open)
        pl_log_fields(PL_LOG_ERROR, "database_away", NULL, 0);
    else
        pl_log_fields(PL_LOG_INFO, "database_back", NULL, 0);
    if (all->turned != NULL)
        all->turned(all->context);
}

void pl_circuit_init(struct pl_circuit *circuit, struct pl_circuits *all, unsigned connections)
{
    circuit->all = all;
    circuit->connections = connections;
    atomic_init(&circuit->away, 0);
}

void pl_circuit_lose(struct pl_circuit *circuit)
{
    if (atomic_fetch_add(&circuit->away, 1) + 1 != circuit->connections)
        return;
    if (atomic_fetch_add(&circuit->all->open, 1) == 0)
        turn(circuit->all, true);
}

void pl_circuit_regain(struct pl_circuit *circuit)
{
    if (atomic_fetch_sub(&circuit->away, 1) != circuit->connections)
        return;
    if (atomic_fetch_sub(&circuit->all->open, 1) == 1)
        turn(circuit->all, false);
}

bool pl_circuit_is_open(const struct pl_circuit *circuit)
{
    return atomic_load(&circuit->away) >= circuit->connections;
}
