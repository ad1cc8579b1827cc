/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What a PATCH changes is what its body names, as with JSON Merge Patch (RFC 7396): of a message within, only the
 * members that are named. A member that is null is named, and so set back. The etag is what the change is based on, no
 * part of it, and what the path names is whom the change is for, even when the body says it once more.
 */
#include <string.h>

#include "gateway/json/reader.h"

static bool has_variable(const char *template, const char *name)
{
    size_t bytes = strlen(name);
    const char *at = template;

    while ((at = strchr(at, '{')) != NULL)
        if (strncmp(++at, name, bytes) == 0 && at[bytes] == '}')
            return true;
    return false;
}

static bool is_in_path(const ProtobufCMessageDescriptor *descriptor, const char *name)
{
    for (unsigned i = 0; i < pl_api_method_count; i++)
        for (unsigned j = 0; pl_api_methods[i].input == descriptor && j < pl_api_methods[i].http_count; j++)
            if (has_variable(pl_api_methods[i].http[j].template, name))
                return true;
    return false;
}

/* Recursion is bounded by the depth of the text. within: "", or the path of the object with a dot behind. */
static void name_members(struct pl_arena *arena, Google__Protobuf__FieldMask *mask,
                         const struct pl_api_json_message *row, const char *within, json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        const ProtobufCFieldDescriptor *field = pl_json_find_field(row, key);
        const struct pl_api_json_field *json = pl_json_facts(row, field);
        bool message = field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED &&
                       json->kind == PL_API_JSON_PLAIN;
        if (json->kind == PL_API_JSON_FIELD_MASK || strcmp(field->name, "etag") == 0 ||
            is_in_path(row->descriptor, field->name))
            continue;
        if (message && json_is_object(value)) {
            name_members(arena, mask, json->message, pl_arena_printf(arena, "%s%s.", within, field->name), value);
            continue;
        }
        mask->paths = pl_json_grow(arena, mask->paths, mask->n_paths, sizeof(*mask->paths));
        mask->paths[mask->n_paths++] = pl_arena_printf(arena, "%s%s", within, field->name);
    }
}

/* Where the message has its update_mask; NULL when it has no such field. */
static Google__Protobuf__FieldMask **mask_of(ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "update_mask");

    if (field == NULL || field->descriptor != &google__protobuf__field_mask__descriptor)
        return NULL;
    return pl_json_member(message, field);
}

void pl_json_fill_update_mask(struct pl_json_reader *reader, ProtobufCMessage *message, json_t *tree)
{
    Google__Protobuf__FieldMask **mask = mask_of(message);

    if (mask == NULL || *mask != NULL)
        return;
    *mask = pl_arena_new(reader->arena, Google__Protobuf__FieldMask);
    google__protobuf__field_mask__init(*mask);
    name_members(reader->arena, *mask, pl_json_message_of(message->descriptor), "", tree);
}
