/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The row of a type is searched once for each text; from there on rows point to the rows of their fields. */
#include "gateway/json/field.h"

#include <string.h>

#include "base/status.h"

const struct pl_api_json_message *pl_json_message_of(const ProtobufCMessageDescriptor *descriptor)
{
    unsigned i = 0;

    while (i < pl_api_json_message_count && pl_api_json_messages[i].descriptor != descriptor)
        i++;
    pl_assert(i < pl_api_json_message_count);
    return &pl_api_json_messages[i];
}

const ProtobufCFieldDescriptor *pl_json_find_field(const struct pl_api_json_message *row, const char *name)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(row->descriptor, name);

    for (unsigned i = 0; field == NULL && i < row->descriptor->n_fields; i++)
        if (strcmp(row->fields[i].json_name, name) == 0)
            field = &row->descriptor->fields[i];
    return field;
}

size_t pl_json_element_bytes(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return sizeof(int64_t);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return sizeof(int32_t);
    }
}
