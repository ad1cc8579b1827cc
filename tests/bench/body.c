/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/body.h"

#include <string.h>

#define HEAD_BYTES 12
#define CHECKSUM_BYTES 8

/* SplitMix64: the filler's next 8 bytes. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/* FNV-1a over words of 8 bytes, then over what is left. */
static uint64_t checksum(const uint8_t *data, size_t bytes)
{
    uint64_t hash = 0xcbf29ce484222325ULL;
    size_t at = 0;
    for (; at + 8 <= bytes; at += 8) {
        uint64_t word;
        memcpy(&word, data + at, sizeof(word));
        hash = (hash ^ word) * 0x100000001b3ULL;
        hash ^= hash >> 32;
    }
    for (; at < bytes; at++)
        hash = (hash ^ data[at]) * 0x100000001b3ULL;
    return hash;
}

static uint64_t seed_of(uint32_t sender, uint64_t number)
{
    return (uint64_t)sender << 40 ^ number;
}

void bench_body_make(uint32_t sender, uint64_t number, uint8_t *ret_body, size_t bytes)
{
    uint64_t state = seed_of(sender, number);
    size_t end = bytes - CHECKSUM_BYTES;
    memcpy(ret_body, &sender, sizeof(sender));
    memcpy(ret_body + sizeof(sender), &number, sizeof(number));
    for (size_t at = HEAD_BYTES; at < end; at += 8) {
        uint64_t word = next_random(&state);
        memcpy(ret_body + at, &word, end - at < 8 ? end - at : 8);
    }
    uint64_t sum = checksum(ret_body, end);
    memcpy(ret_body + end, &sum, sizeof(sum));
}

static bool filler_is_right(const uint8_t *body, size_t end, uint64_t state)
{
    for (size_t at = HEAD_BYTES; at < end; at += 8) {
        uint64_t word = next_random(&state);
        if (memcmp(body + at, &word, end - at < 8 ? end - at : 8) != 0)
            return false;
    }
    return true;
}

bool bench_body_read(const uint8_t *body, size_t bytes, uint32_t *ret_sender, uint64_t *ret_number)
{
    if (bytes < BENCH_BODY_BYTES_MIN)
        return false;
    uint32_t sender;
    uint64_t number;
    uint64_t sum;
    size_t end = bytes - CHECKSUM_BYTES;
    memcpy(&sender, body, sizeof(sender));
    memcpy(&number, body + sizeof(sender), sizeof(number));
    memcpy(&sum, body + end, sizeof(sum));
    if (sum != checksum(body, end) || !filler_is_right(body, end, seed_of(sender, number)))
        return false;
    *ret_sender = sender;
    *ret_number = number;
    return true;
}
