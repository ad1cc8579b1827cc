/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UUIDs (RFC 9562) and the ids made of them: one struct per kind, so that no id passes for another.
 */
#ifndef PL_BASE_UUID_H
#define PL_BASE_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define PL_UUID_TEXT_CHARS 36

struct pl_uuid {
    uint8_t bytes[16];
};

struct pl_app_id {
    struct pl_uuid uuid;
};
struct pl_key_id {
    struct pl_uuid uuid;
};
struct pl_user_id {
    struct pl_uuid uuid;
};
struct pl_device_id {
    struct pl_uuid uuid;
};
struct pl_chat_id {
    struct pl_uuid uuid;
};
struct pl_message_id {
    struct pl_uuid uuid;
};
struct pl_media_id {
    struct pl_uuid uuid;
};

/* Version 7: milliseconds since 1970, then random bits. Later calls of one process sort later. Any
 * thread. */
struct pl_uuid pl_uuid_v7(void);
/* Version 8 of the first 16 bytes of a digest (RFC 9562 section 5.8). */
struct pl_uuid pl_uuid_v8(const uint8_t digest[16]);
/* Exactly 36 characters, either case. PL_INVALID_ID otherwise; *ret_uuid is then untouched. */
enum pl_status pl_uuid_parse(const char *text, struct pl_uuid *ret_uuid) PL_MUST_CHECK;
/* Lower case, NUL-terminated. */
void pl_uuid_format(const struct pl_uuid *uuid, char ret_text[PL_UUID_TEXT_CHARS + 1]);
bool pl_uuid_is_nil(const struct pl_uuid *uuid);
bool pl_uuid_equal(const struct pl_uuid *a, const struct pl_uuid *b);
/* Well mixed, for choosing a thread or a bucket; stable across processes. */
uint64_t pl_uuid_hash(const struct pl_uuid *uuid);

#endif
