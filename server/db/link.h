/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A connection that is opened again when it was lost: at once, then after 100 ms, doubling to 2 s,
 * each with jitter; no more once the context's until_us is past. The attempts are the probes that close the circuit.
 * One thread.
 */
#ifndef PL_DB_LINK_H
#define PL_DB_LINK_H

#include "db/conn.h"
#include "db/context.h"

struct pl_link {
    struct pl_db_context *context;
    struct pl_circuit *circuit;
    struct pl_conn conn;
    enum pl_conn_kind kind;
    bool away;            /* the last attempt to connect failed */
    int64_t opened_at_us; /* 0: by pl_link_open, long ago enough */
    int64_t pause_us;
    int64_t retry_at_us; /* while closed: not tried before */
};

void pl_link_init(struct pl_link *link, struct pl_db_context *context, struct pl_circuit *circuit,
                  enum pl_conn_kind kind);
void pl_link_fini(struct pl_link *link);
/* The first connection; waits. *ret_error is borrowed from the link. */
enum pl_status pl_link_open(struct pl_link *link, int64_t deadline_us, const char **ret_error) PL_MUST_CHECK;
/* Tries once when it is down and the pause is over (waits up to 2 s); whether it is up. */
bool pl_link_revive(struct pl_link *link) PL_MUST_CHECK;
/* While it is down: when to look after it again. */
int64_t pl_link_due_us(const struct pl_link *link);
/* The connection turned out to be lost. */
void pl_link_drop(struct pl_link *link);

#endif
