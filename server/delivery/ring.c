/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "delivery/ring.h"

#include <stdlib.h>

#define RING_ENTRIES 256
#define RING_BYTES 262144

struct pl_ring {
    int64_t first_seq;
    unsigned count;
    size_t bytes;
    struct pl_entry *entries[RING_ENTRIES]; /* seq at seq % RING_ENTRIES */
};

struct pl_ring *pl_ring_new(void)
{
    struct pl_ring *ring = calloc(1, sizeof(*ring));
    pl_assert(ring != NULL);
    return ring;
}

static struct pl_entry *at(const struct pl_ring *ring, int64_t seq)
{
    return ring->entries[seq % RING_ENTRIES];
}

static void drop_first(struct pl_ring *ring)
{
    struct pl_entry *entry = at(ring, ring->first_seq);
    ring->bytes -= pl_entry_size(entry);
    pl_entry_release(entry);
    ring->first_seq++;
    ring->count--;
}

void pl_ring_free(struct pl_ring *ring)
{
    while (ring->count > 0)
        drop_first(ring);
    free(ring);
}

void pl_ring_add(struct pl_ring *ring, struct pl_entry *entry)
{
    bool follows = entry->seq == ring->first_seq + ring->count;
    size_t bytes = pl_entry_size(entry);
    while (ring->count > 0 && (!follows || ring->count == RING_ENTRIES || ring->bytes + bytes > RING_BYTES))
        drop_first(ring);
    if (ring->count == 0)
        ring->first_seq = entry->seq;
    ring->entries[entry->seq % RING_ENTRIES] = pl_entry_hold(entry);
    ring->count++;
    ring->bytes += bytes;
}

struct pl_ring_page *pl_ring_read(const struct pl_ring *ring, int64_t after_seq, unsigned count_max)
{
    int64_t end_seq = ring->first_seq + ring->count;
    if (ring->count == 0 || after_seq + 1 < ring->first_seq || after_seq + 1 >= end_seq)
        return NULL;
    unsigned count = (unsigned)(end_seq - after_seq - 1);
    if (count > count_max)
        count = count_max;
    struct pl_ring_page *page = malloc(sizeof(*page) + count * sizeof(struct pl_entry *));
    pl_assert(page != NULL);
    page->count = count;
    for (unsigned i = 0; i < count; i++)
        page->entries[i] = pl_entry_hold(at(ring, after_seq + 1 + i));
    return page;
}

void pl_ring_page_free(struct pl_ring_page *page)
{
    for (unsigned i = 0; page != NULL && i < page->count; i++)
        pl_entry_release(page->entries[i]);
    free(page);
}
