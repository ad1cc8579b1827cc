/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Memory of one call: allocations are never freed one by one, the whole arena is. Not thread-safe;
 * an arena belongs to one call or batch at a time.
 */
#ifndef PL_BASE_ARENA_H
#define PL_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct pl_arena_block;
struct pl_arena_cleanup;

struct pl_arena {
    struct pl_arena_block *blocks;
    struct pl_arena_cleanup *cleanups;
    size_t used_bytes;
    size_t bytes_max;
};

/* bytes_max bounds pl_arena_try_alloc only. Allocates nothing until the first use. */
void pl_arena_init(struct pl_arena *arena, size_t bytes_max);
/* Runs the cleanups, newest first, then frees everything. */
void pl_arena_fini(struct pl_arena *arena);
/* As fini and init, but keeps the first block for the next use. */
void pl_arena_reset(struct pl_arena *arena);

/* Aligned for any type, zeroed, never NULL (running out of memory aborts). For sizes that we chose.
 */
void *pl_arena_alloc(struct pl_arena *arena, size_t bytes);
/* Not zeroed; NULL once the arena holds more than bytes_max. For sizes that the outside chose. */
void *pl_arena_try_alloc(struct pl_arena *arena, size_t bytes);
/* A copy, with a NUL behind it. */
char *pl_arena_copy(struct pl_arena *arena, const void *data, size_t bytes);
char *pl_arena_printf(struct pl_arena *arena, const char *format, ...) PL_PRINTF(2, 3);
char *pl_arena_vprintf(struct pl_arena *arena, const char *format, va_list arguments);
/* run(object) is called by fini or reset, for what an arena holds but cannot free itself. */
void pl_arena_defer(struct pl_arena *arena, void (*run)(void *object), void *object);

#define pl_arena_new(arena, type) ((type *)pl_arena_alloc((arena), sizeof(type)))
#define pl_arena_array(arena, type, count) ((type *)pl_arena_alloc((arena), sizeof(type) * (count)))

#endif
