/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A result that the caller owns: the public struct and, in one arena with it, everything that it points at. The caller
 * sees the struct only.
 */
#ifndef PL_SDK_REPLY_H
#define PL_SDK_REPLY_H

#include <stddef.h>

#include "base/arena.h"

/* Zeroed; freed with pl_reply_free. */
void *pl_reply_new(size_t struct_bytes);
struct pl_arena *pl_reply_arena(void *reply);
/* NULL is allowed. */
void pl_reply_free(void *reply);

#endif
