/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The last entries of a hot chat, without a gap: at most 256, and 256 KiB unless one alone is larger. Sessions that
 * fetch or catch up get their pages here instead of from the database. On its record's loop.
 */
#ifndef PL_DELIVERY_RING_H
#define PL_DELIVERY_RING_H

#include "delivery/entry.h"

struct pl_ring;

/* Entries of a chat in order, held. */
struct pl_ring_page {
    unsigned count;
    struct pl_entry *entries[];
};

struct pl_ring *pl_ring_new(void);
void pl_ring_free(struct pl_ring *ring);
/* Holds the entry. One that does not follow the last starts the ring anew. */
void pl_ring_add(struct pl_ring *ring, struct pl_entry *entry);
/* The entries behind after_seq, at most count_max; NULL: the next one is not here. */
struct pl_ring_page *pl_ring_read(const struct pl_ring *ring, int64_t after_seq, unsigned count_max);
/* Releases the entries. NULL is allowed. */
void pl_ring_page_free(struct pl_ring_page *page);

#endif
