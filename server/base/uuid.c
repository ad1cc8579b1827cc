/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Version 7 here is method 3 of RFC 9562 section 6.2: the 12 bits behind the milliseconds are their fraction, and the
 * 60 bits together never repeat in a process. When the clock stands or steps back they count on, so ids stay in order
 * and run ahead of the clock at most by what was made meanwhile (4,096 ids are one millisecond). The other 62 bits are
 * random. A forked child shares neither counter nor randomness with its parent safely: make no ids between fork and
 * exec.
 */
#include <endian.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/uuid.h"

/* The value of a hexadecimal digit + 1; 0 for every other character, NUL included. */
static const uint8_t digit_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* Where the two digits of each byte stand. A step of three has a dash before it. */
static const uint8_t digit_offsets[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

static bool dash_before(unsigned byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

/* 60 bits: milliseconds since 1970 and their fraction in 1/4096, later than every one before. */
static uint64_t next_stamp(void)
{
    static _Atomic uint64_t last_stamp;
    uint64_t now_us = (uint64_t)pl_clock_wall_us();
    uint64_t now = (now_us / 1000) << 12 | (now_us % 1000) * 4096 / 1000;
    uint64_t last = atomic_load_explicit(&last_stamp, memory_order_relaxed);
    uint64_t stamp;

    do {
        stamp = now > last ? now : last + 1;
    } while (
        !atomic_compare_exchange_weak_explicit(&last_stamp, &last, stamp, memory_order_relaxed, memory_order_relaxed));
    return stamp;
}

/* 64 random bits. The kernel is asked for 256 bytes at a time, which it never answers in part. */
static uint64_t next_random(void)
{
    static _Thread_local struct {
        uint64_t words[32];
        unsigned left;
    } pool;

    if (pool.left == 0) {
        ssize_t got = getrandom(pool.words, sizeof(pool.words), 0);
        pl_assert(got == sizeof(pool.words));
        pool.left = 32;
    }
    return pool.words[--pool.left];
}

static struct pl_uuid from_words(uint64_t high, uint64_t low, unsigned version)
{
    struct pl_uuid uuid;
    uint64_t words[2] = {
        htobe64((high & ~UINT64_C(0xf000)) | (uint64_t)version << 12),
        htobe64((low & UINT64_C(0x3fffffffffffffff)) | UINT64_C(0x8000000000000000)),
    };

    memcpy(uuid.bytes, words, sizeof(uuid.bytes));
    return uuid;
}

struct pl_uuid pl_uuid_v7(void)
{
    uint64_t stamp = next_stamp();

    return from_words((stamp >> 12) << 16 | (stamp & 0xfff), next_random(), 7);
}

struct pl_uuid pl_uuid_v8(const uint8_t digest[16])
{
    uint64_t words[2];

    memcpy(words, digest, sizeof(words));
    return from_words(be64toh(words[0]), be64toh(words[1]), 8);
}

enum pl_status pl_uuid_parse(const char *text, struct pl_uuid *ret_uuid)
{
    struct pl_uuid uuid;

    /* NUL is no digit and no dash, so a short text ends the loop before anything behind it is read. */
    for (unsigned i = 0; i < 16; i++) {
        const char *digits = text + digit_offsets[i];
        if (dash_before(i) && digits[-1] != '-')
            return PL_INVALID_ID;
        unsigned high = digit_values[(unsigned char)digits[0]];
        if (high == 0)
            return PL_INVALID_ID;
        unsigned low = digit_values[(unsigned char)digits[1]];
        if (low == 0)
            return PL_INVALID_ID;
        uuid.bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    if (text[PL_UUID_TEXT_CHARS] != '\0')
        return PL_INVALID_ID;
    *ret_uuid = uuid;
    return PL_OK;
}

void pl_uuid_format(const struct pl_uuid *uuid, char ret_text[PL_UUID_TEXT_CHARS + 1])
{
    static const char digits[] = "0123456789abcdef";

    for (unsigned i = 0; i < 16; i++) {
        char *place = ret_text + digit_offsets[i];
        if (dash_before(i))
            place[-1] = '-';
        place[0] = digits[uuid->bytes[i] >> 4];
        place[1] = digits[uuid->bytes[i] & 0xf];
    }
    ret_text[PL_UUID_TEXT_CHARS] = '\0';
}

bool pl_uuid_is_nil(const struct pl_uuid *uuid)
{
    static const struct pl_uuid nil;

    return pl_uuid_equal(uuid, &nil);
}

bool pl_uuid_equal(const struct pl_uuid *a, const struct pl_uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* The finaliser of MurmurHash3 over both halves. */
uint64_t pl_uuid_hash(const struct pl_uuid *uuid)
{
    uint64_t words[2];

    memcpy(words, uuid->bytes, sizeof(words));
    uint64_t hash = be64toh(words[0]) * UINT64_C(0x9e3779b97f4a7c15) ^ be64toh(words[1]);
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 33;
}
