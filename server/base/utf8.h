/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef PL_BASE_UTF8_H
#define PL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* True when the bytes are UTF-8 without NUL. */
bool pl_utf8_valid(const char *text, size_t bytes);
/* Code points of valid UTF-8. */
size_t pl_utf8_chars(const char *text);

#endif
