/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The wire scan of codec.h: one pass over the bytes with the descriptors, an explicit stack of at most
 * PL_CODEC_DEPTH_MAX messages and no allocation. Unknown fields are stepped over, so what hides in them is only checked
 * for its length. Whatever passes here, protobuf-c unpacks with bounded depth and a bounded number of objects.
 */
#include "base/utf8.h"
#include "rpc/codec.h"

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

enum { VARINT_BYTES_MAX = 10, TAG_BYTES_MAX = 5 };

struct level {
    const ProtobufCMessageDescriptor *descriptor;
    const uint8_t *end;
};

struct scan {
    const uint8_t *at;
    struct level levels[PL_CODEC_DEPTH_MAX];
    unsigned depth;
    size_t fields;
};

static const uint8_t *end_of(const struct scan *scan)
{
    return scan->levels[scan->depth - 1].end;
}

/* False when it is cut off, longer than bytes_max or above 64 bits. */
static bool take_varint(struct scan *scan, unsigned bytes_max, uint64_t *ret_value)
{
    const uint8_t *end = end_of(scan);
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes_max && scan->at < end; i++) {
        uint8_t byte = *scan->at++;
        if (i == VARINT_BYTES_MAX - 1 && byte > 1)
            return false;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool skip(struct scan *scan, uint64_t bytes)
{
    if (bytes > (uint64_t)(end_of(scan) - scan->at))
        return false;
    scan->at += bytes;
    return true;
}

static enum wire_type wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_FIXED32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_BYTES;
    default:
        return WIRE_VARINT;
    }
}

static bool count(struct scan *scan, size_t fields)
{
    scan->fields += fields;
    return scan->fields <= PL_CODEC_FIELDS_MAX;
}

/* Every varint of a packed field is whole, and there are not too many. */
static bool take_packed_varints(struct scan *scan, const uint8_t *end)
{
    while (scan->at < end) {
        uint64_t value;
        if (!take_varint(scan, VARINT_BYTES_MAX, &value) || scan->at > end || !count(scan, 1))
            return false;
    }
    return true;
}

static enum pl_status take_packed(struct scan *scan, enum wire_type element, uint64_t bytes)
{
    size_t size = element == WIRE_FIXED32 ? 4 : 8;
    const uint8_t *end = scan->at + bytes;

    if (element == WIRE_VARINT)
        return take_packed_varints(scan, end) ? PL_OK : PL_MALFORMED_MESSAGE;
    if (bytes % size != 0 || !count(scan, bytes / size))
        return PL_MALFORMED_MESSAGE;
    scan->at = end;
    return PL_OK;
}

static enum pl_status enter(struct scan *scan, const ProtobufCMessageDescriptor *descriptor, uint64_t bytes)
{
    if (scan->depth == PL_CODEC_DEPTH_MAX)
        return PL_MALFORMED_MESSAGE;
    scan->levels[scan->depth++] = (struct level){.descriptor = descriptor, .end = scan->at + bytes};
    return PL_OK;
}

/* A length-delimited value whose bytes are all there. */
static enum pl_status take_bytes(struct scan *scan, const ProtobufCFieldDescriptor *field, uint64_t bytes)
{
    const char *text = (const char *)scan->at;

    if (field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE)
        return enter(scan, field->descriptor, bytes);
    if (field != NULL && wire_type_of(field->type) != WIRE_BYTES)
        return take_packed(scan, wire_type_of(field->type), bytes);
    scan->at += bytes;
    if (field != NULL && field->type == PROTOBUF_C_TYPE_STRING && !pl_utf8_valid(text, bytes))
        return PL_INVALID_TEXT;
    return PL_OK;
}

static bool wire_type_fits(const ProtobufCFieldDescriptor *field, unsigned wire_type)
{
    if (field == NULL)
        return true;
    return wire_type == wire_type_of(field->type) ||
           (wire_type == WIRE_BYTES && field->label == PROTOBUF_C_LABEL_REPEATED);
}

static enum pl_status take_value(struct scan *scan, const ProtobufCFieldDescriptor *field, unsigned wire_type)
{
    uint64_t value;

    switch (wire_type) {
    case WIRE_VARINT:
        return take_varint(scan, VARINT_BYTES_MAX, &value) ? PL_OK : PL_MALFORMED_MESSAGE;
    case WIRE_FIXED64:
        return skip(scan, 8) ? PL_OK : PL_MALFORMED_MESSAGE;
    case WIRE_FIXED32:
        return skip(scan, 4) ? PL_OK : PL_MALFORMED_MESSAGE;
    case WIRE_BYTES:
        if (!take_varint(scan, TAG_BYTES_MAX, &value) || value > (uint64_t)(end_of(scan) - scan->at))
            return PL_MALFORMED_MESSAGE;
        return take_bytes(scan, field, value);
    default: /* groups, and the two numbers that mean nothing */
        return PL_MALFORMED_MESSAGE;
    }
}

static enum pl_status take_field(struct scan *scan)
{
    const ProtobufCMessageDescriptor *descriptor = scan->levels[scan->depth - 1].descriptor;
    const ProtobufCFieldDescriptor *field;
    uint64_t tag;

    if (!take_varint(scan, TAG_BYTES_MAX, &tag) || tag > UINT32_MAX || tag >> 3 == 0 || !count(scan, 1))
        return PL_MALFORMED_MESSAGE;
    field = protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(tag >> 3));
    if (!wire_type_fits(field, tag & 7))
        return PL_MALFORMED_MESSAGE;
    return take_value(scan, field, tag & 7);
}

enum pl_status pl_codec_scan(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t bytes)
{
    struct scan scan = {.at = data, .depth = 1};

    scan.levels[0] = (struct level){.descriptor = descriptor, .end = data + bytes};
    while (scan.depth > 0) {
        enum pl_status status;
        if (scan.at == end_of(&scan)) {
            scan.depth--;
            continue;
        }
        status = take_field(&scan);
        if (status != PL_OK)
            return status;
    }
    return PL_OK;
}
