/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Values from their texts. Base64 is libsodium's, whose decoder refuses what no encoder writes. */
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "gateway/json/reader.h"
#include "gateway/json/timestamp.h"

struct range {
    uint64_t below; /* the magnitude of the least value */
    uint64_t above;
};

ProtobufCMessage *pl_json_new(struct pl_arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = pl_arena_alloc(arena, descriptor->sizeof_message);

    descriptor->message_init(message);
    return message;
}

void *pl_json_grow(struct pl_arena *arena, void *elements, size_t count, size_t element_bytes)
{
    bool full = (count & (count - 1)) == 0; /* The room is always a power of two. */

    if (!full)
        return elements;
    void *grown = pl_arena_alloc(arena, (count == 0 ? 1 : count * 2) * element_bytes);
    if (count > 0)
        memcpy(grown, elements, count * element_bytes);
    return grown;
}

enum pl_status pl_json_choose(struct pl_json_reader *reader, ProtobufCMessage *message,
                              const ProtobufCFieldDescriptor *field)
{
    if (!pl_json_in_oneof(field))
        return PL_OK;
    uint32_t *chosen = pl_json_case(message, field);
    if (*chosen != 0 && *chosen != field->id) {
        const ProtobufCFieldDescriptor *other = protobuf_c_message_descriptor_get_field(message->descriptor, *chosen);
        return pl_json_fail(reader, PL_INVALID_ARGUMENT, "must not be set together with %s", other->name);
    }
    *chosen = field->id;
    return PL_OK;
}

static struct range range_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return (struct range){.above = UINT32_MAX};
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return (struct range){.above = UINT64_MAX};
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return (struct range){.below = (uint64_t)INT64_MAX + 1, .above = INT64_MAX};
    default:
        return (struct range){.below = (uint64_t)INT32_MAX + 1, .above = INT32_MAX};
    }
}

/* "must be one of individual, group, self": the words of an enum, without the one that says that it is not set. */
static enum pl_status fail_enum(struct pl_json_reader *reader, const struct pl_json_slot *slot)
{
    const ProtobufCEnumDescriptor *type = slot->field->descriptor;
    char words[sizeof(reader->problem->sentence)] = "";
    size_t bytes = 0;

    for (unsigned i = 0; i < type->n_values && bytes < sizeof(words); i++)
        if (type->values[i].value != 0)
            bytes += (size_t)snprintf(words + bytes, sizeof(words) - bytes, "%s %s", bytes == 0 ? "" : ",",
                                      type->values[i].name + slot->json->enum_prefix_bytes);
    for (char *letter = words; *letter != '\0'; letter++)
        if (*letter >= 'A' && *letter <= 'Z')
            *letter |= 0x20;
    return pl_json_fail(reader, PL_INVALID_ARGUMENT, "must be one of%s", words);
}

static enum pl_status fail_integer(struct pl_json_reader *reader, const struct pl_json_slot *slot)
{
    struct range range = range_of(slot->field->type);

    if (slot->field->type == PROTOBUF_C_TYPE_ENUM)
        return fail_enum(reader, slot);
    return pl_json_fail(reader, PL_INVALID_ARGUMENT, "must be a whole number from %s%llu to %llu",
                        range.below > 0 ? "-" : "", (unsigned long long)range.below, (unsigned long long)range.above);
}

enum pl_status pl_json_put_integer(struct pl_json_reader *reader, const struct pl_json_slot *slot, bool negative,
                                   uint64_t magnitude)
{
    struct range range = range_of(slot->field->type);

    if (magnitude > (negative ? range.below : range.above))
        return fail_integer(reader, slot);
    uint64_t value = negative ? 0 - magnitude : magnitude;
    if (pl_json_element_bytes(slot->field->type) == sizeof(value))
        *(uint64_t *)slot->at = value;
    else
        *(uint32_t *)slot->at = (uint32_t)value;
    return PL_OK;
}

/* A minus, perhaps, and digits. */
static bool take_integer(const char *text, bool *ret_negative, uint64_t *ret_magnitude)
{
    uint64_t magnitude = 0;

    *ret_negative = *text == '-';
    text += *ret_negative;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(magnitude, UINT64_C(10), &magnitude) ||
            __builtin_add_overflow(magnitude, (uint64_t)(*text - '0'), &magnitude))
            return false;
    *ret_magnitude = magnitude;
    return true;
}

static enum pl_status parse_integer(struct pl_json_reader *reader, const struct pl_json_slot *slot, const char *text)
{
    bool negative;
    uint64_t magnitude;

    if (!take_integer(text, &negative, &magnitude))
        return fail_integer(reader, slot);
    return pl_json_put_integer(reader, slot, negative, magnitude);
}

/* True when the text is the name's word: in lower case, without the prefix. */
static bool is_word(const char *text, const char *name, size_t prefix_bytes)
{
    for (name += prefix_bytes; *name != '\0'; name++, text++)
        if (*text != (*name >= 'A' && *name <= 'Z' ? (*name | 0x20) : *name))
            return false;
    return *text == '\0';
}

static enum pl_status parse_enum(struct pl_json_reader *reader, const struct pl_json_slot *slot, const char *text)
{
    const ProtobufCEnumDescriptor *type = slot->field->descriptor;

    for (unsigned i = 0; i < type->n_values; i++) {
        const char *name = type->values[i].name;
        if (is_word(text, name, slot->json->enum_prefix_bytes) || strcmp(text, name) == 0) {
            *(int *)slot->at = type->values[i].value;
            return PL_OK;
        }
    }
    return parse_integer(reader, slot, text);
}

static enum pl_status parse_bool(struct pl_json_reader *reader, const struct pl_json_slot *slot, const char *text)
{
    bool value = strcmp(text, "true") == 0;

    if (!value && strcmp(text, "false") != 0)
        return pl_json_fail(reader, PL_INVALID_ARGUMENT, "must be true or false");
    *(protobuf_c_boolean *)slot->at = value;
    return PL_OK;
}

static enum pl_status parse_bytes(struct pl_json_reader *reader, const struct pl_json_slot *slot, const char *text)
{
    size_t chars = strlen(text);
    bool url_safe = strpbrk(text, "-_") != NULL;
    bool padded = chars > 0 && text[chars - 1] == '=';
    int variant = url_safe ? sodium_base64_VARIANT_URLSAFE : sodium_base64_VARIANT_ORIGINAL;
    size_t bytes_max = chars / 4 * 3 + 3;
    ProtobufCBinaryData value = {.data = pl_arena_alloc(reader->arena, bytes_max)};

    if (!padded)
        variant |= sodium_base64_VARIANT_ORIGINAL_NO_PADDING ^ sodium_base64_VARIANT_ORIGINAL;
    if (sodium_base642bin(value.data, bytes_max, text, chars, NULL, &value.len, NULL, variant) != 0)
        return pl_json_fail(reader, PL_INVALID_ARGUMENT, "must be base64");
    *(ProtobufCBinaryData *)slot->at = value;
    return PL_OK;
}

static enum pl_status parse_timestamp(struct pl_json_reader *reader, const struct pl_json_slot *slot, const char *text)
{
    Google__Protobuf__Timestamp *time = pl_arena_new(reader->arena, Google__Protobuf__Timestamp);

    google__protobuf__timestamp__init(time);
    if (!pl_timestamp_parse(text, &time->seconds, &time->nanos))
        return pl_json_fail(reader, PL_INVALID_ARGUMENT,
                            "must be a time of RFC 3339, such as 2026-01-02T03:04:05Z, of the years 0001 to 9999");
    *(Google__Protobuf__Timestamp **)slot->at = time;
    return PL_OK;
}

/* One path, in snake_case; NULL when it is none. displayName becomes display_name; * alone means every field. */
static char *take_path(struct pl_arena *arena, const char *text, size_t chars)
{
    char *path = pl_arena_alloc(arena, chars * 2 + 1);
    char *end = path;

    if (chars == 1 && text[0] == '*')
        return memcpy(path, "*", 2);
    for (size_t i = 0; i < chars; i++) {
        bool capital = text[i] >= 'A' && text[i] <= 'Z';
        bool small = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9');
        if (!capital && !small && text[i] != '_' && text[i] != '.')
            return NULL;
        if (capital)
            *end++ = '_';
        *end++ = (char)(capital ? text[i] | 0x20 : text[i]);
    }
    return chars == 0 ? NULL : path;
}

static enum pl_status parse_field_mask(struct pl_json_reader *reader, const struct pl_json_slot *slot, const char *text)
{
    Google__Protobuf__FieldMask *mask = pl_arena_new(reader->arena, Google__Protobuf__FieldMask);

    google__protobuf__field_mask__init(mask);
    *(Google__Protobuf__FieldMask **)slot->at = mask;
    if (*text == '\0')
        return PL_OK;
    for (bool more = true; more; mask->n_paths++) {
        size_t chars = strcspn(text, ",");
        char *path = take_path(reader->arena, text, chars);
        if (path == NULL)
            return pl_json_fail(reader, PL_INVALID_ARGUMENT, "must be names of fields with commas between");
        mask->paths = pl_json_grow(reader->arena, mask->paths, mask->n_paths, sizeof(*mask->paths));
        mask->paths[mask->n_paths] = path;
        more = text[chars] == ',';
        text += chars + more;
    }
    return PL_OK;
}

enum pl_status pl_json_parse(struct pl_json_reader *reader, const struct pl_json_slot *slot, const char *text)
{
    switch (slot->field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)slot->at = pl_arena_copy(reader->arena, text, strlen(text));
        return PL_OK;
    case PROTOBUF_C_TYPE_BYTES:
        return parse_bytes(reader, slot, text);
    case PROTOBUF_C_TYPE_BOOL:
        return parse_bool(reader, slot, text);
    case PROTOBUF_C_TYPE_ENUM:
        return parse_enum(reader, slot, text);
    case PROTOBUF_C_TYPE_MESSAGE:
        return slot->json->kind == PL_API_JSON_TIMESTAMP ? parse_timestamp(reader, slot, text)
                                                         : parse_field_mask(reader, slot, text);
    default:
        return parse_integer(reader, slot, text);
    }
}
