/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Fields of protobuf-c messages, reached by their descriptors and the tables of api/methods.h. Any thread. */
#ifndef PL_GATEWAY_JSON_FIELD_H
#define PL_GATEWAY_JSON_FIELD_H

#include <stdbool.h>

#include "api/methods.h"

/* The row of a message's type. */
const struct pl_api_json_message *pl_json_message_of(const ProtobufCMessageDescriptor *descriptor);

/* A field by its name in JSON, either one; NULL when the message has none. */
const ProtobufCFieldDescriptor *pl_json_find_field(const struct pl_api_json_message *row, const char *name);

/* What the row tells of a field of the message. */
static inline const struct pl_api_json_field *pl_json_facts(const struct pl_api_json_message *row,
                                                            const ProtobufCFieldDescriptor *field)
{
    return &row->fields[field - row->descriptor->fields];
}

/* Where a field lies: its value, or of a list the pointer to its elements. */
static inline void *pl_json_member(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (void *)((char *)(uintptr_t)message + field->offset);
}

/* How many elements a list has. */
static inline size_t *pl_json_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (size_t *)(void *)((char *)(uintptr_t)message + field->quantifier_offset);
}

/* The number of the member of a oneof that is set; 0 when none is. */
static inline uint32_t *pl_json_case(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (uint32_t *)(void *)((char *)(uintptr_t)message + field->quantifier_offset);
}

static inline bool pl_json_in_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* False for a message that is not there and for a member of a oneof that another or none is set of. */
static inline bool pl_json_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return true;
    if (pl_json_in_oneof(field) && *pl_json_case(message, field) != field->id)
        return false;
    return field->type != PROTOBUF_C_TYPE_MESSAGE || *(void **)pl_json_member(message, field) != NULL;
}

/* What one element of a list of this type takes. */
size_t pl_json_element_bytes(ProtobufCType type);

#endif
