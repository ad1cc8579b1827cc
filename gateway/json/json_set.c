/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * One field from one text: a path variable or a query parameter. The new value is read beside the message and compared
 * with what is there, so that a request which says one thing in two ways is refused when they differ.
 */
#include <string.h>

#include "base/utf8.h"
#include "gateway/json/reader.h"

/* Of every type that a text can set. */
union value {
    uint32_t number;
    uint64_t long_number;
    char *string;
    ProtobufCBinaryData bytes;
    ProtobufCMessage *message;
};

/* True when the field is as it is at first, or has this value. */
static bool may_become(ProtobufCType type, const union value *now, const union value *next)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
        return now->string[0] == '\0' || strcmp(now->string, next->string) == 0;
    case PROTOBUF_C_TYPE_BYTES:
        return now->bytes.len == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return now->message == NULL;
    default:
        if (pl_json_element_bytes(type) == sizeof(uint64_t))
            return now->long_number == 0 || now->long_number == next->long_number;
        return now->number == 0 || now->number == next->number;
    }
}

static enum pl_status put_single(struct pl_json_reader *reader, ProtobufCMessage *message,
                                 const ProtobufCFieldDescriptor *field, const union value *value)
{
    bool fresh = pl_json_in_oneof(field) && *pl_json_case(message, field) == 0;
    size_t bytes = pl_json_element_bytes(field->type);
    union value now = {0};
    enum pl_status status = pl_json_choose(reader, message, field);

    if (status != PL_OK)
        return status;
    memcpy(&now, pl_json_member(message, field), bytes);
    if (!fresh && !may_become(field->type, &now, value))
        return pl_json_fail(reader, PL_INVALID_ARGUMENT, "has two values that differ");
    memcpy(pl_json_member(message, field), value, bytes);
    return PL_OK;
}

static void append(struct pl_json_reader *reader, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                   const union value *value)
{
    char **elements = pl_json_member(message, field);
    size_t *count = pl_json_count(message, field);
    size_t bytes = pl_json_element_bytes(field->type);

    *elements = pl_json_grow(reader->arena, *elements, *count, bytes);
    memcpy(*elements + (*count)++ * bytes, value, bytes);
}

static enum pl_status set_field(struct pl_json_reader *reader, ProtobufCMessage *message,
                                const ProtobufCFieldDescriptor *field, const char *text)
{
    union value value = {0};
    const struct pl_api_json_message *row = pl_json_message_of(message->descriptor);
    struct pl_json_slot slot = {field, pl_json_facts(row, field), &value};
    bool object = field->type == PROTOBUF_C_TYPE_MESSAGE &&
                  (slot.json->kind == PL_API_JSON_PLAIN || slot.json->kind == PL_API_JSON_MAP);

    if (object)
        return pl_json_fail(reader, PL_INVALID_ARGUMENT, "is an object, which only a JSON body can have");
    if (!pl_utf8_valid(text, strlen(text)))
        return pl_json_fail(reader, PL_INVALID_TEXT, "must be valid UTF-8");
    enum pl_status status = pl_json_parse(reader, &slot, text);
    if (status != PL_OK)
        return status;
    if (field->label != PROTOBUF_C_LABEL_REPEATED)
        return put_single(reader, message, field, &value);
    append(reader, message, field, &value);
    return PL_OK;
}

enum pl_status pl_json_set(ProtobufCMessage *message, const char *field_name, const char *text, struct pl_arena *arena,
                           struct pl_json_problem *problem)
{
    struct pl_json_place place = {.name = field_name};
    struct pl_json_reader reader = {.arena = arena, .problem = problem, .place = &place};
    const struct pl_api_json_message *row = pl_json_message_of(message->descriptor);
    const ProtobufCFieldDescriptor *field = pl_json_find_field(row, field_name);

    if (field == NULL)
        return pl_json_fail_unknown(&reader, row);
    return set_field(&reader, message, field, text);
}
