/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A bump allocator over a list of blocks. The head of the list is the block that is being filled; blocks double from
 * 4 KiB to 64 KiB. An allocation of more than half of the next block gets a block of its own behind the head, so it
 * never wastes the rest of one. Reset keeps the 4 KiB block: most calls need no more and then never meet malloc.
 */
#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { BLOCK_BYTES_MIN = 4096, BLOCK_BYTES_MAX = 65536 };

struct pl_arena_block {
    struct pl_arena_block *next;
    size_t capacity;
    size_t used;
    bool shared; /* False when the block holds one big allocation. */
    alignas(max_align_t) unsigned char data[];
};

struct pl_arena_cleanup {
    struct pl_arena_cleanup *next;
    void (*run)(void *object);
    void *object;
};

void pl_arena_init(struct pl_arena *arena, size_t bytes_max)
{
    *arena = (struct pl_arena){.bytes_max = bytes_max};
}

static void run_cleanups(struct pl_arena *arena)
{
    while (arena->cleanups != NULL) {
        struct pl_arena_cleanup *cleanup = arena->cleanups;
        arena->cleanups = cleanup->next;
        cleanup->run(cleanup->object);
    }
}

/* Frees all blocks but the one of the smallest size, which is answered; NULL when there is none. */
static struct pl_arena_block *free_blocks(struct pl_arena *arena)
{
    struct pl_arena_block *kept = NULL;
    struct pl_arena_block *block = arena->blocks;

    while (block != NULL) {
        struct pl_arena_block *next = block->next;
        if (block->shared && block->capacity == BLOCK_BYTES_MIN)
            kept = block;
        else
            free(block);
        block = next;
    }
    return kept;
}

void pl_arena_reset(struct pl_arena *arena)
{
    run_cleanups(arena);
    struct pl_arena_block *kept = free_blocks(arena);
    if (kept != NULL) {
        kept->next = NULL;
        kept->used = 0;
    }
    arena->blocks = kept;
    arena->used_bytes = 0;
}

void pl_arena_fini(struct pl_arena *arena)
{
    run_cleanups(arena);
    free(free_blocks(arena));
    arena->blocks = NULL;
    arena->used_bytes = 0;
}

static size_t next_block_bytes(const struct pl_arena *arena)
{
    const struct pl_arena_block *head = arena->blocks;

    if (head == NULL || !head->shared)
        return BLOCK_BYTES_MIN;
    return head->capacity >= BLOCK_BYTES_MAX ? BLOCK_BYTES_MAX : head->capacity * 2;
}

static void link_block(struct pl_arena *arena, struct pl_arena_block *block)
{
    if (block->shared || arena->blocks == NULL) {
        block->next = arena->blocks;
        arena->blocks = block;
    } else {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    }
}

static struct pl_arena_block *add_block(struct pl_arena *arena, size_t bytes)
{
    size_t capacity = next_block_bytes(arena);
    bool shared = bytes <= capacity / 2;

    if (!shared)
        capacity = bytes;
    struct pl_arena_block *block = malloc(sizeof(*block) + capacity);
    if (block == NULL)
        return NULL;
    block->capacity = capacity;
    block->used = 0;
    block->shared = shared;
    link_block(arena, block);
    return block;
}

/* NULL only when memory has run out. */
static void *take_bytes(struct pl_arena *arena, size_t bytes)
{
    const size_t alignment = alignof(max_align_t);
    size_t rounded = bytes == 0 ? alignment : (bytes + alignment - 1) / alignment * alignment;
    struct pl_arena_block *block = arena->blocks;

    if (block == NULL || block->capacity - block->used < rounded)
        block = add_block(arena, rounded);
    if (block == NULL)
        return NULL;
    void *start = block->data + block->used;
    block->used += rounded;
    arena->used_bytes += rounded;
    return start;
}

void *pl_arena_alloc(struct pl_arena *arena, size_t bytes)
{
    pl_assert(bytes <= SIZE_MAX / 4);
    void *memory = take_bytes(arena, bytes);
    pl_assert(memory != NULL);
    return memset(memory, 0, bytes);
}

void *pl_arena_try_alloc(struct pl_arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 4 || arena->used_bytes > arena->bytes_max || bytes > arena->bytes_max - arena->used_bytes)
        return NULL;
    return take_bytes(arena, bytes);
}

char *pl_arena_copy(struct pl_arena *arena, const void *data, size_t bytes)
{
    pl_assert(bytes <= SIZE_MAX / 4);
    char *copy = take_bytes(arena, bytes + 1);
    pl_assert(copy != NULL);
    if (bytes > 0)
        memcpy(copy, data, bytes);
    copy[bytes] = '\0';
    return copy;
}

char *pl_arena_vprintf(struct pl_arena *arena, const char *format, va_list arguments)
{
    char fits[256];
    va_list again;

    va_copy(again, arguments);
    int chars = vsnprintf(fits, sizeof(fits), format, arguments);
    pl_assert(chars >= 0);
    if ((size_t)chars < sizeof(fits)) {
        va_end(again);
        return pl_arena_copy(arena, fits, (size_t)chars);
    }
    char *text = take_bytes(arena, (size_t)chars + 1);
    pl_assert(text != NULL);
    vsnprintf(text, (size_t)chars + 1, format, again);
    va_end(again);
    return text;
}

char *pl_arena_printf(struct pl_arena *arena, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *text = pl_arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

void pl_arena_defer(struct pl_arena *arena, void (*run)(void *object), void *object)
{
    struct pl_arena_cleanup *cleanup = pl_arena_new(arena, struct pl_arena_cleanup);

    cleanup->run = run;
    cleanup->object = object;
    cleanup->next = arena->cleanups;
    arena->cleanups = cleanup;
}
