/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Tree to message. What JSON calls null is as if it were not there. A value that is a string in JSON is read from its
 * text as a query parameter would be, but for bools, which JSON has itself.
 */
#include <math.h>
#include <string.h>

#include "gateway/json/reader.h"

/* Doubles hold every whole number up to this one. */
#define DOUBLE_INTEGER_MAX 9007199254740992.0

static enum pl_status read_object(struct pl_json_reader *reader, ProtobufCMessage *message,
                                  const struct pl_api_json_message *row, json_t *object);

static enum pl_status fail_type(struct pl_json_reader *reader, const char *expected)
{
    return pl_json_fail(reader, PL_INVALID_ARGUMENT, "must be %s", expected);
}

/* An object, or a string when a string may stand for the message. */
static enum pl_status read_message(struct pl_json_reader *reader, const struct pl_json_slot *slot, json_t *value)
{
    const struct pl_api_json_message *row = slot->json->message;
    ProtobufCMessage *message = pl_json_new(reader->arena, row->descriptor);

    *(ProtobufCMessage **)slot->at = message;
    if (json_is_object(value))
        return read_object(reader, message, row, value);
    if (!json_is_string(value) || row->shorthand == NULL)
        return fail_type(reader, row->shorthand == NULL ? "an object" : "an object or a string");
    const ProtobufCFieldDescriptor *field = pl_json_find_field(row, row->shorthand);
    struct pl_json_slot shorthand = {field, pl_json_facts(row, field), pl_json_member(message, field)};
    return pl_json_parse(reader, &shorthand, json_string_value(value));
}

static enum pl_status read_text(struct pl_json_reader *reader, const struct pl_json_slot *slot, json_t *value)
{
    if (!json_is_string(value))
        return fail_type(reader, "a string");
    return pl_json_parse(reader, slot, json_string_value(value));
}

static enum pl_status read_bool(struct pl_json_reader *reader, const struct pl_json_slot *slot, json_t *value)
{
    if (!json_is_boolean(value))
        return fail_type(reader, "true or false");
    *(protobuf_c_boolean *)slot->at = json_is_true(value);
    return PL_OK;
}

/* A number or a string; also for enums. 1.0 and 1e3 are whole numbers too. */
static enum pl_status read_integer(struct pl_json_reader *reader, const struct pl_json_slot *slot, json_t *value)
{
    double real = json_real_value(value);
    json_int_t integer = json_integer_value(value);

    if (json_is_real(value) && fabs(real) <= DOUBLE_INTEGER_MAX && trunc(real) == real)
        integer = (json_int_t)real;
    else if (!json_is_integer(value))
        /* Neither a fraction nor anything but a string has a text; the empty one says what is expected. */
        return pl_json_parse(reader, slot, json_is_string(value) ? json_string_value(value) : "");
    return pl_json_put_integer(reader, slot, integer < 0, integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer);
}

static enum pl_status read_value(struct pl_json_reader *reader, const struct pl_json_slot *slot, json_t *value)
{
    switch (slot->field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        if (slot->json->kind == PL_API_JSON_PLAIN)
            return read_message(reader, slot, value);
        return read_text(reader, slot, value);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        return read_text(reader, slot, value);
    case PROTOBUF_C_TYPE_BOOL:
        return read_bool(reader, slot, value);
    default:
        return read_integer(reader, slot, value);
    }
}

static enum pl_status read_list(struct pl_json_reader *reader, ProtobufCMessage *message,
                                const struct pl_json_slot *slot, json_t *list)
{
    size_t element_bytes = pl_json_element_bytes(slot->field->type);
    size_t count = json_array_size(list);

    if (!json_is_array(list))
        return fail_type(reader, "a list");
    char *elements = pl_arena_alloc(reader->arena, count * element_bytes);
    for (size_t i = 0; i < count; i++) {
        struct pl_json_place place = {.within = reader->place, .index = i};
        struct pl_json_slot element = {slot->field, slot->json, elements + i * element_bytes};
        reader->place = &place;
        enum pl_status status = read_value(reader, &element, json_array_get(list, i));
        reader->place = place.within;
        if (status != PL_OK)
            return status;
    }
    *(char **)slot->at = elements;
    *pl_json_count(message, slot->field) = count;
    return PL_OK;
}

/* An entry has the fields key, a string, and value. */
static enum pl_status read_entry(struct pl_json_reader *reader, const struct pl_api_json_message *row,
                                 ProtobufCMessage *entry, json_t *value)
{
    const ProtobufCFieldDescriptor *fields = row->descriptor->fields;
    struct pl_json_slot key_slot = {&fields[0], &row->fields[0], pl_json_member(entry, &fields[0])};
    struct pl_json_slot value_slot = {&fields[1], &row->fields[1], pl_json_member(entry, &fields[1])};
    enum pl_status status = pl_json_parse(reader, &key_slot, reader->place->name);

    return status == PL_OK ? read_value(reader, &value_slot, value) : status;
}

static enum pl_status read_map(struct pl_json_reader *reader, ProtobufCMessage *message,
                               const struct pl_json_slot *slot, json_t *object)
{
    const struct pl_api_json_message *row = slot->json->message;
    size_t count = 0;
    const char *key;
    json_t *value;

    if (!json_is_object(object))
        return fail_type(reader, "an object");
    ProtobufCMessage **entries = pl_arena_array(reader->arena, ProtobufCMessage *, json_object_size(object));
    json_object_foreach(object, key, value)
    {
        struct pl_json_place place = {.within = reader->place, .name = key};
        entries[count] = pl_json_new(reader->arena, row->descriptor);
        reader->place = &place;
        enum pl_status status = read_entry(reader, row, entries[count++], value);
        reader->place = place.within;
        if (status != PL_OK)
            return status;
    }
    *(ProtobufCMessage ***)slot->at = entries;
    *pl_json_count(message, slot->field) = count;
    return PL_OK;
}

static enum pl_status read_field(struct pl_json_reader *reader, ProtobufCMessage *message,
                                 const struct pl_json_slot *slot, json_t *value)
{
    if (json_is_null(value))
        return PL_OK;
    if (slot->json->kind == PL_API_JSON_MAP)
        return read_map(reader, message, slot, value);
    if (slot->field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_list(reader, message, slot, value);
    enum pl_status status = pl_json_choose(reader, message, slot->field);
    return status == PL_OK ? read_value(reader, slot, value) : status;
}

/* The reader's place is the member, of the object. */
static enum pl_status read_member(struct pl_json_reader *reader, ProtobufCMessage *message,
                                  const struct pl_api_json_message *row, json_t *object, json_t *value)
{
    const char *key = reader->place->name;
    const ProtobufCFieldDescriptor *field = pl_json_find_field(row, key);

    if (field == NULL)
        return pl_json_fail_unknown(reader, row);
    struct pl_json_slot slot = {field, pl_json_facts(row, field), pl_json_member(message, field)};
    if (strcmp(key, field->name) != 0 && json_object_get(object, field->name) != NULL)
        return pl_json_fail(reader, PL_MALFORMED_JSON, "must not be there together with %s, which is the same field",
                            field->name);
    return read_field(reader, message, &slot, value);
}

static enum pl_status read_object(struct pl_json_reader *reader, ProtobufCMessage *message,
                                  const struct pl_api_json_message *row, json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        struct pl_json_place place = {.within = reader->place, .name = key};
        reader->place = &place;
        enum pl_status status = read_member(reader, message, row, object, value);
        reader->place = place.within;
        if (status != PL_OK)
            return status;
    }
    return PL_OK;
}

static enum pl_status read_tree(struct pl_json_reader *reader, ProtobufCMessage *message, json_t *tree)
{
    if (!json_is_object(tree))
        return pl_json_fail(reader, PL_MALFORMED_JSON, "the body must be a JSON object");
    enum pl_status status = read_object(reader, message, pl_json_message_of(message->descriptor), tree);
    if (status == PL_OK)
        pl_json_fill_update_mask(reader, message, tree);
    return status;
}

enum pl_status pl_json_read(const char *text, size_t bytes, const ProtobufCMessageDescriptor *descriptor,
                            struct pl_arena *arena, ProtobufCMessage **ret, struct pl_json_problem *problem)
{
    struct pl_json_reader reader = {.arena = arena, .problem = problem};
    ProtobufCMessage *message = pl_json_new(arena, descriptor);
    json_t *tree = bytes == 0 ? json_object() : pl_json_load(text, bytes, problem);

    if (tree == NULL)
        return problem->status;
    enum pl_status status = read_tree(&reader, message, tree);
    json_decref(tree);
    if (status == PL_OK)
        *ret = message;
    return status;
}
