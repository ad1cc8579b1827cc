/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* HMAC-SHA256 (RFC 2104), the one proof that tokens of every kind rest on. */
#ifndef PL_AUTH_HMAC_H
#define PL_AUTH_HMAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PL_HMAC_BYTES 32

void pl_hmac_sha256(const uint8_t *key, size_t key_bytes, const void *data, size_t bytes,
                    uint8_t ret_mac[PL_HMAC_BYTES]);
/* In constant time. */
bool pl_hmac_equal(const void *a, const void *b, size_t bytes);

#endif
