/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The body of a message to send and of an edit, which have the same three forms. */
#ifndef PL_SDK_REQUEST_BODY_H
#define PL_SDK_REQUEST_BODY_H

#include <parley/messages.h>

#include "base/arena.h"
#include "parley/v1/message_service.pb-c.h"

/* As the caller gave it; exactly one of the three is not NULL when it is valid. */
struct pl_request_body {
    const char *text;
    const void *encrypted_content;
    size_t encrypted_content_bytes;
    const parley_device_part *device_parts;
    size_t device_part_count;
};

/* From a parley_draft or a parley_edit. */
#define PL_REQUEST_BODY_OF(from_)                                                                                      \
    ((struct pl_request_body){.text = (from_)->text,                                                                   \
                              .encrypted_content = (from_)->encrypted_content,                                         \
                              .encrypted_content_bytes = (from_)->encrypted_content_bytes,                             \
                              .device_parts = (from_)->device_parts,                                                   \
                              .device_part_count = (from_)->device_part_count})

/* PARLEY_INVALID_CONTENT, PARLEY_INVALID_TEXT, PARLEY_INVALID_ID (of a device). */
parley_status pl_request_body_check(const struct pl_request_body *body, parley_error *ret_error);
/* Built in the arena; contents are borrowed. */
Parley__V1__DeviceParts *pl_request_body_parts(const struct pl_request_body *body, struct pl_arena *arena);

/*
 * Puts a body that was checked into a request: each kind of request has a oneof of its own, with the same fields. case_
 * is what the names of its cases begin with.
 */
#define PL_REQUEST_SET_BODY(request_, body_, case_, arena_)                                                            \
    do {                                                                                                               \
        if ((body_)->text != NULL) {                                                                                   \
            (request_)->body_case = case_##_CONTENT;                                                                   \
            (request_)->content = pl_request_text((body_)->text);                                                      \
        } else if ((body_)->encrypted_content != NULL) {                                                               \
            (request_)->body_case = case_##_ENCRYPTED_CONTENT;                                                         \
            (request_)->encrypted_content.data = (uint8_t *)(uintptr_t)(body_)->encrypted_content;                     \
            (request_)->encrypted_content.len = (body_)->encrypted_content_bytes;                                      \
        } else {                                                                                                       \
            (request_)->body_case = case_##_DEVICE_PARTS;                                                              \
            (request_)->device_parts = pl_request_body_parts((body_), (arena_));                                       \
        }                                                                                                              \
    } while (0)

#endif
