/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What reading JSON and setting fields from text share: where the reader is, and values from texts. Text is UTF-8
 * without NUL; everything that is made lies in the arena. Each function answers PL_OK, or the status of the problem
 * that it has set.
 */
#ifndef PL_GATEWAY_JSON_READER_H
#define PL_GATEWAY_JSON_READER_H

#include <google/protobuf/field_mask.pb-c.h>
#include <jansson.h>

#include "gateway/json/field.h"
#include "gateway/json/json.h"

/* A member of an object or, without a name, an element of a list; on the stack of who reads it. */
struct pl_json_place {
    const struct pl_json_place *within;
    const char *name;
    size_t index;
};

struct pl_json_reader {
    struct pl_arena *arena;
    struct pl_json_problem *problem;
    const struct pl_json_place *place; /* NULL: the text as a whole */
};

/* A value to be set: of which field, and where it lies. */
struct pl_json_slot {
    const ProtobufCFieldDescriptor *field;
    const struct pl_api_json_field *json;
    void *at;
};

/* Sets the problem, at the reader's place; answers the status. */
enum pl_status pl_json_fail(struct pl_json_reader *reader, enum pl_status status, const char *format, ...)
    PL_PRINTF(3, 4) PL_MUST_CHECK;
/* PL_UNKNOWN_FIELD, with the names that the message has. */
enum pl_status pl_json_fail_unknown(struct pl_json_reader *reader, const struct pl_api_json_message *row) PL_MUST_CHECK;

/* The tree of a text, for json_decref; NULL after it has set the problem. No deeper, no larger than json.h says. */
json_t *pl_json_load(const char *text, size_t bytes, struct pl_json_problem *problem);

/* An empty message. */
ProtobufCMessage *pl_json_new(struct pl_arena *arena, const ProtobufCMessageDescriptor *descriptor);
/* Elements of which count are there, with room for one more: elements itself, or a copy with twice the room. */
void *pl_json_grow(struct pl_arena *arena, void *elements, size_t count, size_t element_bytes);
/* Makes the field the one of its oneof that is set; a problem when another one is. Nothing for other fields. */
enum pl_status pl_json_choose(struct pl_json_reader *reader, ProtobufCMessage *message,
                              const ProtobufCFieldDescriptor *field) PL_MUST_CHECK;

/* Sets a value from its text: a string, bytes, a number, a bool, an enum, a time or a field mask. */
enum pl_status pl_json_parse(struct pl_json_reader *reader, const struct pl_json_slot *slot,
                             const char *text) PL_MUST_CHECK;
/* Sets a value of any integer type or an enum; a problem when it does not fit. */
enum pl_status pl_json_put_integer(struct pl_json_reader *reader, const struct pl_json_slot *slot, bool negative,
                                   uint64_t magnitude) PL_MUST_CHECK;

/* When the message has an update_mask that is not set: sets it to what the tree names, which is of this message. */
void pl_json_fill_update_mask(struct pl_json_reader *reader, ProtobufCMessage *message, json_t *tree);

#endif
