/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The body of a message, made of who sent it and its number, so that the receiver knows every byte that it must have:
 * sender (4 bytes), number (8), filler, checksum of all before (8), in this machine's byte order.
 */
#ifndef PL_TESTS_BENCH_BODY_H
#define PL_TESTS_BENCH_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_BODY_BYTES_MIN 32

void bench_body_make(uint32_t sender, uint64_t number, uint8_t *ret_body, size_t bytes);
/* False when the checksum or any byte of the filler is not as made; else who sent it and its number. */
bool bench_body_read(const uint8_t *body, size_t bytes, uint32_t *ret_sender, uint64_t *ret_number);

#endif
