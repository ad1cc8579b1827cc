/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * base64url without padding (RFC 4648 section 5, as RFC 7515 uses it), strict: every byte string has
 * exactly one text, and every other text is refused. So a text that was signed, hashed or handed out
 * cannot be written in a second way.
 */
#ifndef PL_AUTH_BASE64URL_H
#define PL_AUTH_BASE64URL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Characters of so many bytes, without the NUL. */
#define PL_BASE64URL_CHARS(bytes_) (((bytes_)*8 + 5) / 6)

/* ret_text has room for PL_BASE64URL_CHARS(bytes) + 1; NUL-terminated. */
void pl_base64url_encode(const void *data, size_t bytes, char *ret_text);
/*
 * PL_INVALID_ARGUMENT for characters outside the alphabet (padding and white space too), a length
 * that no bytes have, unused bits that are set, and more than bytes_max bytes. ret_data holds
 * anything after a failure.
 */
enum pl_status pl_base64url_decode(const char *text, size_t chars, uint8_t *ret_data, size_t bytes_max,
                                   size_t *ret_bytes) PL_MUST_CHECK;

#endif
