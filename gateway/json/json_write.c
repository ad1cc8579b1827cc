/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Messages become text in one pass, without a tree between. This is on the path of every answer, a page of 50 messages
 * at a time: each value asks the buffer for its room once, and text that needs no escapes, which is nearly all, is
 * found eight bytes at a time and copied as a whole.
 */
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <openssl/evp.h>
#include <string.h>

#include "gateway/json/field.h"
#include "gateway/json/json.h"
#include "gateway/json/timestamp.h"

/* JavaScript and others read numbers as doubles, which hold every whole number up to this one. */
#define INTEGER_MAX ((UINT64_C(1) << 53) - 1)
#define WORD_BYTES sizeof(uint64_t)
#define EVERY_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

static void write_message(struct pl_buf *buf, const ProtobufCMessage *message, const struct pl_api_json_message *row);

static void put_literal(struct pl_buf *buf, const char *text)
{
    pl_buf_put(buf, text, strlen(text));
}

/* Has the high bit set in some byte when a byte of the word is 0, and only then. */
static uint64_t zero_byte(uint64_t word)
{
    return (word - EVERY_BYTE(1)) & ~word & EVERY_BYTE(0x80);
}

static bool needs_escape(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

static bool word_needs_escape(const char *text)
{
    uint64_t word;

    memcpy(&word, text, sizeof(word));
    uint64_t control = (word - EVERY_BYTE(0x20)) & ~word & EVERY_BYTE(0x80);
    return (control | zero_byte(word ^ EVERY_BYTE('"')) | zero_byte(word ^ EVERY_BYTE('\\'))) != 0;
}

/* Bytes at the start of text that need no escape. The last word overlaps the one before. */
static size_t plain_bytes(const char *text, size_t bytes)
{
    size_t at = 0;

    while (at + WORD_BYTES <= bytes && !word_needs_escape(text + at))
        at += WORD_BYTES;
    if (bytes >= WORD_BYTES && at + WORD_BYTES > bytes && !word_needs_escape(text + bytes - WORD_BYTES))
        return bytes;
    while (at < bytes && !needs_escape((unsigned char)text[at]))
        at++;
    return at;
}

static void put_escape(struct pl_buf *buf, unsigned char byte)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    static const char hex[] = "0123456789abcdef";
    char escape[] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};

    for (const char *letter = letters; *letter != '\0'; letter += 2)
        if ((unsigned char)letter[0] == byte) {
            escape[1] = letter[1];
            pl_buf_put(buf, escape, 2);
            return;
        }
    pl_buf_put(buf, escape, sizeof(escape));
}

static void put_escaped(struct pl_buf *buf, const char *text, size_t bytes)
{
    pl_buf_put_u8(buf, '"');
    while (bytes > 0) {
        size_t plain = plain_bytes(text, bytes);
        pl_buf_put(buf, text, plain);
        if (plain < bytes)
            put_escape(buf, (unsigned char)text[plain++]);
        text += plain;
        bytes -= plain;
    }
    pl_buf_put_u8(buf, '"');
}

static void write_string(struct pl_buf *buf, const char *text)
{
    size_t bytes = strlen(text);

    if (plain_bytes(text, bytes) < bytes) {
        put_escaped(buf, text, bytes);
        return;
    }
    uint8_t *room = pl_buf_extend(buf, bytes + 2);
    if (room == NULL)
        return;
    room[0] = '"';
    memcpy(room + 1, text, bytes);
    room[bytes + 1] = '"';
}

static void write_bytes(struct pl_buf *buf, const ProtobufCBinaryData *value)
{
    size_t chars = (value->len + 2) / 3 * 4;
    uint8_t *room = pl_buf_extend(buf, chars + 2);

    if (room == NULL)
        return;
    room[0] = '"';
    /* It writes a NUL where the closing quote comes. */
    if (chars > 0)
        EVP_EncodeBlock(room + 1, value->data, (int)value->len);
    room[chars + 1] = '"';
}

static void write_integer(struct pl_buf *buf, uint64_t magnitude, bool negative)
{
    char text[24];
    char *start = text + sizeof(text);
    bool quoted = magnitude > INTEGER_MAX;

    if (quoted)
        *--start = '"';
    do {
        *--start = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude > 0);
    if (negative)
        *--start = '-';
    if (quoted)
        *--start = '"';
    pl_buf_put(buf, start, (size_t)(text + sizeof(text) - start));
}

static void write_signed(struct pl_buf *buf, int64_t value)
{
    write_integer(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0);
}

/* A number that the enum does not name is written as it is. */
static void write_enum(struct pl_buf *buf, int value, const ProtobufCEnumDescriptor *type, size_t prefix_bytes)
{
    const ProtobufCEnumValue *named = protobuf_c_enum_descriptor_get_value(type, value);

    if (named == NULL) {
        write_signed(buf, value);
        return;
    }
    const char *word = named->name + prefix_bytes;
    size_t bytes = strlen(word);
    uint8_t *room = pl_buf_extend(buf, bytes + 2);
    if (room == NULL)
        return;
    room[0] = '"';
    for (size_t i = 0; i < bytes; i++)
        room[i + 1] = (uint8_t)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] | 0x20 : word[i]);
    room[bytes + 1] = '"';
}

static void write_timestamp(struct pl_buf *buf, const Google__Protobuf__Timestamp *time)
{
    char text[PL_TIMESTAMP_CHARS + 2];
    unsigned chars = pl_timestamp_format(time->seconds, time->nanos, text + 1);

    if (chars == 0) {
        put_literal(buf, "null");
        return;
    }
    text[0] = '"';
    text[chars + 1] = '"';
    pl_buf_put(buf, text, chars + 2);
}

static void write_field_mask(struct pl_buf *buf, const Google__Protobuf__FieldMask *mask)
{
    pl_buf_put_u8(buf, '"');
    for (size_t i = 0; i < mask->n_paths; i++) {
        if (i > 0)
            pl_buf_put_u8(buf, ',');
        put_literal(buf, mask->paths[i]);
    }
    pl_buf_put_u8(buf, '"');
}

static void write_submessage(struct pl_buf *buf, const void *message, const struct pl_api_json_field *json)
{
    if (json->kind == PL_API_JSON_TIMESTAMP)
        write_timestamp(buf, message);
    else if (json->kind == PL_API_JSON_FIELD_MASK)
        write_field_mask(buf, message);
    else
        write_message(buf, message, json->message);
}

/* at: the value, or the element of a list. */
static void write_value(struct pl_buf *buf, const void *at, const ProtobufCFieldDescriptor *field,
                        const struct pl_api_json_field *json)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        write_string(buf, *(char *const *)at);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        write_bytes(buf, at);
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        write_signed(buf, *(const int32_t *)at);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        write_signed(buf, *(const int64_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        write_integer(buf, *(const uint32_t *)at, false);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        write_integer(buf, *(const uint64_t *)at, false);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        put_literal(buf, *(const protobuf_c_boolean *)at ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(buf, *(const int *)at, field->descriptor, json->enum_prefix_bytes);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        write_submessage(buf, *(void *const *)at, json);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        pl_assert(false); /* The generator refuses an API with such a field. */
    }
}

static void write_list(struct pl_buf *buf, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       const struct pl_api_json_field *json)
{
    const char *elements = *(char *const *)pl_json_member(message, field);
    size_t element_bytes = pl_json_element_bytes(field->type);

    pl_buf_put_u8(buf, '[');
    for (size_t i = 0; i < *pl_json_count(message, field); i++) {
        if (i > 0)
            pl_buf_put_u8(buf, ',');
        write_value(buf, elements + i * element_bytes, field, json);
    }
    pl_buf_put_u8(buf, ']');
}

/* The key of an entry is a string, as the generator sees to. */
static void write_map(struct pl_buf *buf, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                      const struct pl_api_json_field *json)
{
    ProtobufCMessage *const *entries = *(ProtobufCMessage ***)pl_json_member(message, field);

    pl_buf_put_u8(buf, '{');
    for (size_t i = 0; i < *pl_json_count(message, field); i++) {
        const ProtobufCFieldDescriptor *fields = entries[i]->descriptor->fields;
        if (i > 0)
            pl_buf_put_u8(buf, ',');
        write_string(buf, *(char *const *)pl_json_member(entries[i], &fields[0]));
        pl_buf_put_u8(buf, ':');
        write_value(buf, pl_json_member(entries[i], &fields[1]), &fields[1], &json->message->fields[1]);
    }
    pl_buf_put_u8(buf, '}');
}

static void write_field(struct pl_buf *buf, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                        const struct pl_api_json_field *json)
{
    if (json->kind == PL_API_JSON_MAP)
        write_map(buf, message, field, json);
    else if (field->label == PROTOBUF_C_LABEL_REPEATED)
        write_list(buf, message, field, json);
    else
        write_value(buf, pl_json_member(message, field), field, json);
}

/* What separates it from what is before, and its name, which needs no escapes. */
static void put_name(struct pl_buf *buf, char before, const char *name, size_t bytes)
{
    uint8_t *room = pl_buf_extend(buf, bytes + 4);

    if (room == NULL)
        return;
    room[0] = (uint8_t)before;
    room[1] = '"';
    memcpy(room + 2, name, bytes);
    room[bytes + 2] = '"';
    room[bytes + 3] = ':';
}

static void write_message(struct pl_buf *buf, const ProtobufCMessage *message, const struct pl_api_json_message *row)
{
    char before = '{';

    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (!pl_json_is_set(message, field))
            continue;
        put_name(buf, before, field->name, row->fields[i].name_bytes);
        write_field(buf, message, field, &row->fields[i]);
        before = ',';
    }
    put_literal(buf, before == '{' ? "{}" : "}");
}

void pl_json_write(struct pl_buf *buf, const ProtobufCMessage *message)
{
    write_message(buf, message, pl_json_message_of(message->descriptor));
}
