/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One reading of what ids, times, page sizes and metadata may be, for every method. */
#include "rpc/fields.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/methods.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "rpc/call.h"

#define US_PER_S 1000000
#define NS_PER_US 1000
#define NS_PER_S 1000000000
/* 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z, as google.protobuf.Timestamp has them. */
#define SECONDS_MIN INT64_C(-62135596800)
#define SECONDS_MAX INT64_C(253402300799)

/* What every generated map<string, string> entry looks like. */
struct map_entry {
    ProtobufCMessage base;
    char *key;
    char *value;
};

char *pl_field_uuid(const struct pl_uuid *uuid, struct pl_arena *arena)
{
    char *text = pl_arena_alloc(arena, PL_UUID_TEXT_CHARS + 1);
    if (!pl_uuid_is_nil(uuid))
        pl_uuid_format(uuid, text);
    return text;
}

bool pl_field_take_uuid(struct pl_call *call, const char *name, const char *text, struct pl_uuid *ret_uuid)
{
    if (pl_uuid_parse(text, ret_uuid) == PL_OK)
        return true;
    pl_call_fail(call, PL_INVALID_ID, "%s is not a UUID of 36 characters", name);
    return false;
}

enum pl_status pl_field_optional_uuid(const char *text, struct pl_uuid *ret_uuid)
{
    if (text[0] != '\0')
        return pl_uuid_parse(text, ret_uuid);
    *ret_uuid = (struct pl_uuid){{0}};
    return PL_OK;
}

Google__Protobuf__Timestamp *pl_field_time(int64_t unix_us, struct pl_arena *arena)
{
    if (unix_us == 0)
        return NULL;
    Google__Protobuf__Timestamp *time = pl_arena_new(arena, Google__Protobuf__Timestamp);
    google__protobuf__timestamp__init(time);
    time->seconds = unix_us / US_PER_S;
    time->nanos = (int32_t)(unix_us % US_PER_S) * NS_PER_US;
    return time;
}

enum pl_status pl_field_time_us(const Google__Protobuf__Timestamp *time, int64_t *ret_unix_us)
{
    if (time->seconds < SECONDS_MIN || time->seconds > SECONDS_MAX || time->nanos < 0 || time->nanos >= NS_PER_S)
        return PL_INVALID_ARGUMENT;
    *ret_unix_us = time->seconds * US_PER_S + (time->nanos + NS_PER_US - 1) / NS_PER_US;
    return PL_OK;
}

enum pl_status pl_field_page_size(int32_t page_size, int *ret_size)
{
    if (page_size < 0 || page_size > PL_PAGE_SIZE_MAX)
        return PL_INVALID_PAGE_SIZE;
    *ret_size = page_size == 0 ? PL_PAGE_SIZE_DEFAULT : page_size;
    return PL_OK;
}

bool pl_field_chars(const char *text, size_t min, size_t max)
{
    size_t chars = pl_utf8_chars(text);
    return chars >= min && chars <= max;
}

static bool key_repeats(const struct map_entry *const *entries, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(entries[i]->key, entries[index]->key) == 0)
            return true;
    return false;
}

enum pl_status pl_field_metadata(const void *entries, size_t count)
{
    const struct map_entry *const *map = entries;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += strlen(map[i]->key) + strlen(map[i]->value);
        /* The size comes first: it bounds the number of keys that are compared. */
        if (bytes > PL_METADATA_BYTES_MAX || map[i]->key[0] == '\0' || key_repeats(map, i))
            return PL_INVALID_ARGUMENT;
    }
    return PL_OK;
}

void *pl_field_copy_map(const void *entries, size_t count, const ProtobufCMessageDescriptor *descriptor,
                        struct pl_arena *arena)
{
    const struct map_entry *const *from = entries;
    struct map_entry **to = pl_arena_array(arena, struct map_entry *, count);
    pl_assert(descriptor->sizeof_message == sizeof(struct map_entry));
    for (size_t i = 0; i < count; i++) {
        to[i] = pl_arena_new(arena, struct map_entry);
        protobuf_c_message_init(descriptor, to[i]);
        to[i]->key = from[i]->key;
        to[i]->value = from[i]->value;
    }
    return to;
}

static uint32_t bits_of_path(const char *path, const char *const *names)
{
    uint32_t all = 0;
    for (unsigned i = 0; names[i] != NULL; i++) {
        if (strcmp(path, names[i]) == 0)
            return UINT32_C(1) << i;
        all |= UINT32_C(1) << i;
    }
    return strcmp(path, "*") == 0 ? all : 0;
}

enum pl_status pl_field_mask(const Google__Protobuf__FieldMask *mask, const char *const *names, uint32_t *ret_bits)
{
    uint32_t bits = 0;
    for (size_t i = 0; mask != NULL && i < mask->n_paths; i++) {
        uint32_t path_bits = bits_of_path(mask->paths[i], names);
        if (path_bits == 0)
            return PL_INVALID_ARGUMENT;
        bits |= path_bits;
    }
    *ret_bits = bits;
    return PL_OK;
}

static const struct pl_api_json_message *json_message(const ProtobufCMessageDescriptor *descriptor)
{
    for (unsigned i = 0; i < pl_api_json_message_count; i++)
        if (pl_api_json_messages[i].descriptor == descriptor)
            return &pl_api_json_messages[i];
    return NULL;
}

static int compare_keys(const void *a, const void *b)
{
    const struct map_entry *const *left = a, *const *right = b;
    return strcmp((*left)->key, (*right)->key);
}

static size_t count_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return *(const size_t *)((const char *)message + field->quantifier_offset);
}

static void sort_map(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    size_t count = count_of(message, field);
    struct map_entry **entries = *(struct map_entry ***)((char *)message + field->offset);
    if (count > 1)
        qsort(entries, count, sizeof(struct map_entry *), compare_keys);
}

/* A field of messages, which may have maps of their own. */
static void sort_below(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    void *member = (char *)message + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        ProtobufCMessage **messages = *(ProtobufCMessage ***)member;
        for (size_t i = 0; i < count_of(message, field); i++)
            pl_field_sort_maps(messages[i]);
        return;
    }
    bool in_oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    bool is_there = !in_oneof || *(const unsigned *)((char *)message + field->quantifier_offset) == field->id;
    if (is_there && *(ProtobufCMessage **)member != NULL)
        pl_field_sort_maps(*(ProtobufCMessage **)member);
}

void pl_field_sort_maps(ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    const struct pl_api_json_message *json = json_message(descriptor);
    pl_assert(json != NULL);
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (json->fields[i].kind == PL_API_JSON_MAP)
            sort_map(message, &descriptor->fields[i]);
        else if (json->fields[i].kind == PL_API_JSON_PLAIN && descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
            sort_below(message, &descriptor->fields[i]);
}

uint8_t *pl_field_pack(const ProtobufCMessage *message, struct pl_arena *arena, size_t *ret_bytes)
{
    *ret_bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *data = pl_arena_alloc(arena, *ret_bytes);
    protobuf_c_message_pack(message, data);
    return data;
}

static void *arena_alloc(void *arena, size_t bytes)
{
    return pl_arena_alloc(arena, bytes);
}

static void arena_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

ProtobufCMessage *pl_field_unpack(const ProtobufCMessageDescriptor *descriptor, const void *data, size_t bytes,
                                  struct pl_arena *arena)
{
    ProtobufCAllocator allocator = {.alloc = arena_alloc, .free = arena_free, .allocator_data = arena};
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator, bytes, data);
    pl_assert(message != NULL);
    return message;
}
