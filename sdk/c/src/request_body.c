/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The body of a message to send and of an edit. */
#include "sdk/c/src/request_body.h"

#include <string.h>

#include "base/utf8.h"
#include "base/uuid.h"
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/error.h"

static parley_status check_parts(const struct pl_request_body *body, parley_error *ret_error)
{
    size_t bytes = 0;
    if (body->device_part_count < 1 || body->device_part_count > PARLEY_DEVICE_PARTS_MAX)
        return pl_error_set(ret_error, PARLEY_INVALID_CONTENT, "device_parts must be 1 to %d", PARLEY_DEVICE_PARTS_MAX);
    for (size_t i = 0; i < body->device_part_count; i++) {
        const parley_device_part *part = &body->device_parts[i];
        struct pl_uuid device_id;
        if (part->device_id == NULL || pl_uuid_parse(part->device_id, &device_id) != PL_OK)
            return pl_error_set(ret_error, PARLEY_INVALID_ID, "the device_id of a part is not a UUID of 36 characters");
        if (part->encrypted_content == NULL || part->encrypted_content_bytes == 0)
            return pl_error_set(ret_error, PARLEY_INVALID_CONTENT, "a part has no content");
        if (part->encrypted_content_bytes > PARLEY_DEVICE_PARTS_BYTES_MAX - bytes)
            return pl_error_set(ret_error, PARLEY_INVALID_CONTENT, "all parts together must be at most %d bytes",
                                PARLEY_DEVICE_PARTS_BYTES_MAX);
        bytes += part->encrypted_content_bytes;
    }
    return PARLEY_OK;
}

parley_status pl_request_body_check(const struct pl_request_body *body, parley_error *ret_error)
{
    size_t bytes = body->text != NULL ? strlen(body->text) : body->encrypted_content_bytes;
    if ((body->text != NULL) + (body->encrypted_content != NULL) + (body->device_parts != NULL) != 1)
        return pl_error_set(ret_error, PARLEY_INVALID_CONTENT, NULL);
    if (body->device_parts != NULL)
        return check_parts(body, ret_error);
    if (bytes < 1 || bytes > PARLEY_CONTENT_BYTES_MAX)
        return pl_error_set(ret_error, PARLEY_INVALID_CONTENT, NULL);
    if (body->text != NULL && !pl_utf8_valid(body->text, bytes))
        return pl_error_set(ret_error, PARLEY_INVALID_TEXT, NULL);
    return PARLEY_OK;
}

Parley__V1__DeviceParts *pl_request_body_parts(const struct pl_request_body *body, struct pl_arena *arena)
{
    Parley__V1__DeviceParts *all = pl_arena_new(arena, Parley__V1__DeviceParts);
    parley__v1__device_parts__init(all);
    all->n_parts = body->device_part_count;
    all->parts = pl_arena_array(arena, Parley__V1__DevicePart *, body->device_part_count);
    for (size_t i = 0; i < body->device_part_count; i++) {
        const parley_device_part *from = &body->device_parts[i];
        all->parts[i] = pl_arena_new(arena, Parley__V1__DevicePart);
        parley__v1__device_part__init(all->parts[i]);
        all->parts[i]->device_id = pl_request_text(from->device_id);
        all->parts[i]->encrypted_content.data = (uint8_t *)(uintptr_t)from->encrypted_content;
        all->parts[i]->encrypted_content.len = from->encrypted_content_bytes;
    }
    return all;
}
