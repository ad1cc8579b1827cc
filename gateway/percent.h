/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Percent-encoding of paths and queries (RFC 3986 section 2.1). */
#ifndef PL_GATEWAY_PERCENT_H
#define PL_GATEWAY_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"

/*
 * The decoded text with a NUL behind it, in the arena. plus: '+' stands for a blank, as in queries.
 * PL_MALFORMED_REQUEST: a '%' without two hexadecimal digits, or %00. PL_INVALID_TEXT: the result is not UTF-8.
 */
enum pl_status pl_percent_decode(const char *text, size_t bytes, bool plus, struct pl_arena *arena,
                                 const char **ret_text) PL_MUST_CHECK;

#endif
