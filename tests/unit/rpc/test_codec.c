/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What the wire scan refuses, and what unpacking makes of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/methods.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "parley/v1/message_service.pb-c.h"
#include "parley/v1/stream_service.pb-c.h"
#include "rpc/codec.h"

#define CLIENT_FRAME (&parley__v1__client_frame__descriptor)
#define CURSOR (&parley__v1__cursor__descriptor)

#define assert_scan(descriptor_, bytes_, status_)                                                                      \
    assert_int_equal(pl_codec_scan((descriptor_), (const uint8_t *)(bytes_), sizeof(bytes_) - 1), (status_))

static void nothing_is_a_message(void **state)
{
    (void)state;
    assert_int_equal(pl_codec_scan(CLIENT_FRAME, (const uint8_t *)"", 0), PL_OK);
}

static void cut_off_anywhere_is_malformed(void **state)
{
    /* Cursor{chat_id "ab", seq 300}, and an unknown fixed64 and fixed32 behind it. */
    static const uint8_t data[] = "\x0a\x02"
                                  "ab\x10\xac\x02\x59"
                                  "12345678\x65"
                                  "1234";
    static const size_t whole[] = {0, 4, 7, 16, 21};
    size_t next = 0;

    (void)state;
    for (size_t bytes = 0; bytes < sizeof(data); bytes++) {
        uint8_t *copy = malloc(bytes + 1); /* so that reading too far is seen */
        memcpy(copy, data, bytes);
        copy = realloc(copy, bytes == 0 ? 1 : bytes);
        bool is_whole = next < 5 && bytes == whole[next];
        next += is_whole;
        assert_int_equal(pl_codec_scan(CURSOR, copy, bytes), is_whole ? PL_OK : PL_MALFORMED_MESSAGE);
        free(copy);
    }
    assert_int_equal(next, 5);
}

static void varints_end_in_time(void **state)
{
    (void)state;
    assert_scan(CURSOR, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", PL_OK);
    assert_scan(CURSOR, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", PL_MALFORMED_MESSAGE);
    assert_scan(CURSOR, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", PL_MALFORMED_MESSAGE);
    assert_scan(CURSOR, "\x90\x80\x80\x80\x00\x01", PL_OK); /* a tag may be padded up to five bytes */
    assert_scan(CURSOR, "\x90\x80\x80\x80\x80\x00\x01", PL_MALFORMED_MESSAGE);
    assert_scan(CURSOR, "\xff\xff\xff\xff\x7f\x01", PL_MALFORMED_MESSAGE); /* above 32 bits */
}

static void field_zero_groups_and_odd_wire_types_are_malformed(void **state)
{
    (void)state;
    assert_scan(CURSOR, "\x02\x00", PL_MALFORMED_MESSAGE);
    assert_scan(CURSOR, "\x5b\x5c", PL_MALFORMED_MESSAGE);
    assert_scan(CURSOR, "\x5c", PL_MALFORMED_MESSAGE);
    assert_scan(CURSOR, "\x5e", PL_MALFORMED_MESSAGE);
    assert_scan(CURSOR, "\x5f", PL_MALFORMED_MESSAGE);
}

static void known_field_of_another_wire_type_is_malformed(void **state)
{
    (void)state;
    assert_scan(CURSOR, "\x08\x01", PL_MALFORMED_MESSAGE);     /* chat_id as a varint */
    assert_scan(CURSOR, "\x12\x01\x01", PL_MALFORMED_MESSAGE); /* seq as bytes */
    assert_scan(CURSOR,
                "\x11"
                "12345678",
                PL_MALFORMED_MESSAGE);                           /* seq as fixed64 */
    assert_scan(CLIENT_FRAME, "\x18\x01", PL_MALFORMED_MESSAGE); /* acks as a varint */
}

static void length_beyond_the_enclosing_message_is_malformed(void **state)
{
    (void)state;
    assert_scan(CLIENT_FRAME, "\x1a\x02\x10\x05", PL_OK);
    assert_scan(CLIENT_FRAME,
                "\x1a\x02\x0a\x02"
                "ab",
                PL_MALFORMED_MESSAGE);
    assert_scan(CLIENT_FRAME, "\x1a\x01\x10\x05", PL_MALFORMED_MESSAGE);
    assert_scan(CLIENT_FRAME, "\x1a\xff\xff\xff\xff\x0f", PL_MALFORMED_MESSAGE);
}

static void text_is_utf8_without_nul(void **state)
{
    (void)state;
    assert_scan(CURSOR, "\x0a\x02\xc3\xa9", PL_OK);
    assert_scan(CURSOR, "\x0a\x02\xc3\x28", PL_INVALID_TEXT);
    assert_scan(CURSOR,
                "\x0a\x03"
                "a\0b",
                PL_INVALID_TEXT);
    assert_scan(CURSOR, "\x0a\x03\xed\xa0\x80", PL_INVALID_TEXT);
    assert_scan(CLIENT_FRAME, "\x1a\x03\x0a\x01\xff", PL_INVALID_TEXT);
    assert_scan(CURSOR, "\x5a\x01\xff", PL_OK); /* an unknown field may hold anything */
}

static void bytes_fields_may_hold_anything(void **state)
{
    (void)state;
    assert_scan(&parley__v1__send_message_request__descriptor, "\xfa\x01\x02\xff\x00", PL_OK);
}

/* The API has no recursive message and no packed field, so these are made by hand. */
static ProtobufCFieldDescriptor node_fields[3];
static const ProtobufCIntRange node_ranges[] = {{1, 0}, {0, 3}};
static ProtobufCMessageDescriptor node = {.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
                                          .n_fields = 3,
                                          .fields = node_fields,
                                          .n_field_ranges = 1,
                                          .field_ranges = node_ranges};

static int make_node(void **state)
{
    (void)state;
    node_fields[0] = (ProtobufCFieldDescriptor){
        .id = 1, .label = PROTOBUF_C_LABEL_NONE, .type = PROTOBUF_C_TYPE_MESSAGE, .descriptor = &node};
    node_fields[1] =
        (ProtobufCFieldDescriptor){.id = 2, .label = PROTOBUF_C_LABEL_REPEATED, .type = PROTOBUF_C_TYPE_INT32};
    node_fields[2] =
        (ProtobufCFieldDescriptor){.id = 3, .label = PROTOBUF_C_LABEL_REPEATED, .type = PROTOBUF_C_TYPE_FIXED32};
    return 0;
}

/* `depth` messages, each in the one before; returns the bytes, at the end of data. */
static size_t nest(unsigned depth, uint8_t data[128])
{
    size_t bytes = 0;

    for (unsigned i = 1; i < depth; i++) {
        data[127 - bytes] = (uint8_t)bytes;
        data[126 - bytes] = 0x0a;
        bytes += 2;
    }
    return bytes;
}

static void depth_is_bounded(void **state)
{
    uint8_t data[128];
    size_t bytes = nest(PL_CODEC_DEPTH_MAX, data);

    (void)state;
    assert_int_equal(pl_codec_scan(&node, data + 128 - bytes, bytes), PL_OK);
    bytes = nest(PL_CODEC_DEPTH_MAX + 1, data);
    assert_int_equal(pl_codec_scan(&node, data + 128 - bytes, bytes), PL_MALFORMED_MESSAGE);
}

static void packed_fields_hold_whole_elements(void **state)
{
    (void)state;
    assert_scan(&node, "\x12\x03\x01\xac\x02", PL_OK);
    assert_scan(&node, "\x10\x01\x10\x02", PL_OK); /* not packed is the same field */
    assert_scan(&node, "\x12\x02\x01\xac", PL_MALFORMED_MESSAGE);
    assert_scan(&node, "\x12\x01\xac\x10\x01", PL_MALFORMED_MESSAGE); /* the last varint runs out of its field */
    assert_scan(&node,
                "\x1a\x04"
                "1234",
                PL_OK);
    assert_scan(&node,
                "\x1a\x05"
                "12345",
                PL_MALFORMED_MESSAGE);
    assert_scan(&node, "\x12\x00", PL_OK);
}

static void elements_are_counted(void **state)
{
    size_t bytes = (PL_CODEC_FIELDS_MAX + 1) * 2;
    uint8_t *data = malloc(bytes);

    (void)state;
    for (size_t i = 0; i < bytes; i += 2) {
        data[i] = 0x1a; /* an empty ack */
        data[i + 1] = 0;
    }
    assert_int_equal(pl_codec_scan(CLIENT_FRAME, data, bytes - 2), PL_OK);
    assert_int_equal(pl_codec_scan(CLIENT_FRAME, data, bytes), PL_MALFORMED_MESSAGE);
    /* Packed: the tag and 65,536 elements are one too many. */
    memset(data, 1, bytes);
    memcpy(data, "\x12\x80\x80\x04", 4);
    assert_int_equal(pl_codec_scan(&node, data, 4 + PL_CODEC_FIELDS_MAX), PL_MALFORMED_MESSAGE);
    memcpy(data, "\x12\xff\xff\x03", 4);
    assert_int_equal(pl_codec_scan(&node, data, 4 + PL_CODEC_FIELDS_MAX - 1), PL_OK);
    free(data);
}

static void unpacks_into_the_arena(void **state)
{
    Parley__V1__Cursor cursor = PARLEY__V1__CURSOR__INIT;
    uint8_t data[64];
    struct pl_arena arena;
    ProtobufCMessage *message;

    (void)state;
    pl_arena_init(&arena, 1 << 16);
    cursor.chat_id = (char *)"chat";
    cursor.seq = 7;
    size_t bytes = parley__v1__cursor__pack(&cursor, data);
    assert_int_equal(pl_codec_unpack(CURSOR, data, bytes, &arena, &message), PL_OK);
    assert_string_equal(((Parley__V1__Cursor *)message)->chat_id, "chat");
    assert_int_equal(((Parley__V1__Cursor *)message)->seq, 7);
    pl_arena_fini(&arena);
}

static void full_arena_is_too_large(void **state)
{
    uint8_t data[2000];
    struct pl_arena arena;
    ProtobufCMessage *message = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(data); i += 2)
        memcpy(data + i, "\x1a\x00", 2);
    pl_arena_init(&arena, 8192);
    assert_int_equal(pl_codec_unpack(CLIENT_FRAME, data, sizeof(data), &arena, &message), PL_MESSAGE_TOO_LARGE);
    assert_null(message);
    pl_arena_fini(&arena);
}

/* What the scan would refuse passes, what cannot be unpacked does not. */
static void trusted_bytes_are_not_scanned(void **state)
{
    static const uint8_t odd_text[] = "\x0a\x01\xff";
    struct pl_arena arena;
    ProtobufCMessage *message = NULL;

    (void)state;
    pl_arena_init(&arena, 1 << 16);
    assert_int_equal(pl_codec_unpack(CURSOR, odd_text, 3, &arena, &message), PL_INVALID_TEXT);
    assert_int_equal(pl_codec_unpack_trusted(CURSOR, odd_text, 2, &arena, &message), PL_MALFORMED_MESSAGE);
    assert_null(message);
    assert_int_equal(pl_codec_unpack_trusted(CURSOR, odd_text, 3, &arena, &message), PL_OK);
    assert_string_equal(((Parley__V1__Cursor *)message)->chat_id, "\xff");
    pl_arena_fini(&arena);
}

static void unknown_fields_are_dropped_on_every_level(void **state)
{
    /* ClientFrame{99: 1, hello{99: 1}, acks{99: 1}}. */
    static const uint8_t data[] = "\x98\x06\x01\x0a\x03\x98\x06\x01\x1a\x03\x98\x06\x01";
    struct pl_arena arena;
    ProtobufCMessage *message;

    (void)state;
    pl_arena_init(&arena, 1 << 16);
    assert_int_equal(pl_codec_unpack(CLIENT_FRAME, data, sizeof(data) - 1, &arena, &message), PL_OK);
    const Parley__V1__ClientFrame *frame = (const Parley__V1__ClientFrame *)message;
    assert_int_equal(frame->base.n_unknown_fields, 0);
    assert_int_equal(frame->hello->base.n_unknown_fields, 0);
    assert_int_equal(frame->n_acks, 1);
    assert_int_equal(frame->acks[0]->base.n_unknown_fields, 0);
    pl_arena_fini(&arena);
}

static void unknown_fields_are_dropped_in_the_oneof_that_is_set(void **state)
{
    /* ServerReflectionRequest with text in its oneof: the member that is no message must not be followed. */
    static const uint8_t data[] = "\x22\x03"
                                  "abc\x98\x06\x01";
    struct pl_arena arena;
    ProtobufCMessage *message;

    (void)state;
    pl_arena_init(&arena, 1 << 16);
    assert_int_equal(pl_codec_unpack(&grpc__reflection__v1__server_reflection_request__descriptor, data,
                                     sizeof(data) - 1, &arena, &message),
                     PL_OK);
    assert_int_equal(message->n_unknown_fields, 0);
    pl_arena_fini(&arena);
}

static void every_message_of_the_api_survives_its_default(void **state)
{
    (void)state;
    for (unsigned i = 0; i < pl_api_json_message_count; i++) {
        const ProtobufCMessageDescriptor *descriptor = pl_api_json_messages[i].descriptor;
        ProtobufCMessage *made = calloc(1, descriptor->sizeof_message);
        uint8_t data[64];
        struct pl_arena arena;
        ProtobufCMessage *message;

        protobuf_c_message_init(descriptor, made);
        assert_true(protobuf_c_message_get_packed_size(made) <= sizeof(data));
        size_t bytes = protobuf_c_message_pack(made, data);
        pl_arena_init(&arena, 1 << 16);
        assert_int_equal(pl_codec_unpack(descriptor, data, bytes, &arena, &message), PL_OK);
        assert_ptr_equal(message->descriptor, descriptor);
        pl_arena_fini(&arena);
        free(made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_a_message),
        cmocka_unit_test(cut_off_anywhere_is_malformed),
        cmocka_unit_test(varints_end_in_time),
        cmocka_unit_test(field_zero_groups_and_odd_wire_types_are_malformed),
        cmocka_unit_test(known_field_of_another_wire_type_is_malformed),
        cmocka_unit_test(length_beyond_the_enclosing_message_is_malformed),
        cmocka_unit_test(text_is_utf8_without_nul),
        cmocka_unit_test(bytes_fields_may_hold_anything),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(packed_fields_hold_whole_elements),
        cmocka_unit_test(elements_are_counted),
        cmocka_unit_test(unpacks_into_the_arena),
        cmocka_unit_test(full_arena_is_too_large),
        cmocka_unit_test(trusted_bytes_are_not_scanned),
        cmocka_unit_test(unknown_fields_are_dropped_on_every_level),
        cmocka_unit_test(unknown_fields_are_dropped_in_the_oneof_that_is_set),
        cmocka_unit_test(every_message_of_the_api_survives_its_default),
    };

    return cmocka_run_group_tests(tests, make_node, NULL);
}
