/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What a request may say, to the byte, and how a message goes from request to row to answer. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "support/cmocka.h"

#include "base/clock.h"
#include "chats/individual.h"
#include "messages/message.h"

#define CHAT "0190f0a0-0000-7000-8000-0000000000c1"
#define MEDIA "0190f0a0-0000-7000-8000-0000000000e1"
#define REPLY "0190f0a0-0000-7000-8000-0000000000f1"
#define MESSAGE "0190f0a0-0000-7000-8000-0000000000d1"
#define BOB "0190f0a0-0000-7000-8000-0000000000b0"
#define NIL "00000000-0000-0000-0000-000000000000"
#define DEVICE "0190f0a0-0000-7000-8000-00000000d0%02x"

static const struct pl_principal alice = {
    .kind = PL_PRINCIPAL_DEVICE,
    .app_id = {{{0xa, 1}}},
    .user_id = {{{0xa1}}},
    .device_id = {{{0xde}}},
};

static struct pl_arena arena;
static Parley__V1__SendMessageRequest request;
static struct pl_append append;
static const char *sentence;

static int set_up(void **state)
{
    (void)state;
    pl_arena_init(&arena, 1 << 22);
    parley__v1__send_message_request__init(&request);
    request.chat_id = (char *)CHAT;
    request.body_case = PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_CONTENT;
    request.content = (char *)"hi";
    memset(&append, 0xff, sizeof(append));
    sentence = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_arena_fini(&arena);
    return 0;
}

static enum pl_status take(void)
{
    return pl_message_from_request(&request, &alice, &arena, &append, &sentence);
}

static void assert_refused(enum pl_status status)
{
    sentence = NULL;
    assert_string_equal(pl_status_reason(take()), pl_status_reason(status));
    assert_non_null(sentence);
}

/* ---- the address ---- */

static void plain_request_is_taken(void **state)
{
    (void)state;
    assert_int_equal(take(), PL_OK);
    assert_true(pl_uuid_is_nil(&append.app_id.uuid));
    assert_true(pl_uuid_is_nil(&append.message.recipient_id.uuid));
    assert_int_equal(append.message.chat_id.uuid.bytes[15], 0xc1);
    assert_int_equal(append.message.sender_id.uuid.bytes[0], 0xa1);
    assert_int_equal(append.message.sender_device_id.uuid.bytes[0], 0xde);
    assert_int_equal(append.message.message_type, PARLEY__V1__MESSAGE_TYPE__MESSAGE_TYPE_TEXT);
    assert_int_equal(append.message.body_kind, PL_BODY_CONTENT);
    assert_int_equal(append.message.body_bytes, 2);
    assert_memory_equal(append.message.body, "hi", 2);
    assert_null(append.message.metadata);
    assert_int_equal(append.message.seq, 0);
}

static void recipient_means_their_individual_chat(void **state)
{
    (void)state;
    struct pl_user_id bob;
    request.chat_id = (char *)"";
    request.recipient_id = (char *)BOB;
    assert_int_equal(pl_uuid_parse(BOB, &bob.uuid), PL_OK);
    assert_int_equal(take(), PL_OK);
    struct pl_chat_id chat = pl_individual_chat_id(alice.app_id, alice.user_id, bob);
    assert_memory_equal(&append.message.chat_id, &chat, sizeof(chat));
    assert_memory_equal(&append.message.recipient_id, &bob, sizeof(bob));
    assert_memory_equal(&append.app_id, &alice.app_id, sizeof(alice.app_id));
}

static void both_or_no_address_is_refused(void **state)
{
    (void)state;
    request.recipient_id = (char *)BOB;
    assert_refused(PL_INVALID_ARGUMENT);
    request.recipient_id = request.chat_id = (char *)"";
    assert_refused(PL_INVALID_ARGUMENT);
}

static void bad_addresses_are_refused(void **state)
{
    (void)state;
    request.chat_id = (char *)"chat";
    assert_refused(PL_INVALID_ID);
    request.chat_id = (char *)"";
    request.recipient_id = (char *)"bob";
    assert_refused(PL_INVALID_ID);
    request.recipient_id = (char *)NIL;
    assert_refused(PL_INVALID_ID);
}

static void message_to_oneself_is_refused(void **state)
{
    (void)state;
    char self[PL_UUID_TEXT_CHARS + 1];
    pl_uuid_format(&alice.user_id.uuid, self);
    request.chat_id = (char *)"";
    request.recipient_id = self;
    assert_refused(PL_INVALID_ARGUMENT);
}

/* ---- ids and type ---- */

static void ids_are_taken(void **state)
{
    (void)state;
    request.message_id = (char *)MESSAGE;
    request.media_id = (char *)MEDIA;
    request.reply_to_message_id = (char *)REPLY;
    assert_int_equal(take(), PL_OK);
    assert_int_equal(append.message.message_id.uuid.bytes[15], 0xd1);
    assert_int_equal(append.message.media_id.uuid.bytes[15], 0xe1);
    assert_int_equal(append.message.reply_to_message_id.uuid.bytes[15], 0xf1);
}

static void server_chooses_an_id_when_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(take(), PL_OK);
    struct pl_message_id first = append.message.message_id;
    assert_int_equal(first.uuid.bytes[6] >> 4, 7);
    assert_int_equal(take(), PL_OK);
    assert_false(pl_uuid_equal(&first.uuid, &append.message.message_id.uuid));
    request.message_id = (char *)NIL;
    assert_int_equal(take(), PL_OK);
    assert_false(pl_uuid_is_nil(&append.message.message_id.uuid));
}

static void bad_ids_are_refused(void **state)
{
    (void)state;
    char **const ids[] = {&request.message_id, &request.media_id, &request.reply_to_message_id};
    for (unsigned i = 0; i < 3; i++) {
        char *before = *ids[i];
        *ids[i] = (char *)"0190f0a0-0000-7000-8000-0000000000f";
        assert_refused(PL_INVALID_ID);
        *ids[i] = before;
    }
}

static void types_for_clients_are_taken_and_no_others(void **state)
{
    (void)state;
    for (int type = 1; type <= PARLEY__V1__MESSAGE_TYPE__MESSAGE_TYPE_DOCUMENT; type++) {
        request.message_type = (Parley__V1__MessageType)type;
        assert_int_equal(take(), PL_OK);
        assert_int_equal(append.message.message_type, type);
    }
    static const int others[] = {PARLEY__V1__MESSAGE_TYPE__MESSAGE_TYPE_SYSTEM, 7, 65537, -1, INT32_MIN};
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        memcpy(&request.message_type, &others[i], sizeof(others[i])); /* as from the wire: an enum is open */
        assert_refused(PL_INVALID_ARGUMENT);
    }
}

/* ---- the body ---- */

static void body_is_required(void **state)
{
    (void)state;
    request.body_case = PARLEY__V1__SEND_MESSAGE_REQUEST__BODY__NOT_SET;
    assert_refused(PL_INVALID_CONTENT);
}

static void content_is_1_to_65536_bytes(void **state)
{
    (void)state;
    static char text[PL_CONTENT_BYTES_MAX + 2];
    memset(text, 'x', PL_CONTENT_BYTES_MAX + 1);
    request.content = text;
    assert_refused(PL_INVALID_CONTENT);
    text[PL_CONTENT_BYTES_MAX] = '\0';
    assert_int_equal(take(), PL_OK);
    assert_int_equal(append.message.body_bytes, PL_CONTENT_BYTES_MAX);
    text[0] = '\0';
    assert_refused(PL_INVALID_CONTENT);
}

static void encrypted_content_is_1_to_65536_bytes(void **state)
{
    (void)state;
    static uint8_t data[PL_CONTENT_BYTES_MAX + 1];
    request.body_case = PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_ENCRYPTED_CONTENT;
    request.encrypted_content = (ProtobufCBinaryData){PL_CONTENT_BYTES_MAX + 1, data};
    assert_refused(PL_INVALID_CONTENT);
    request.encrypted_content.len = PL_CONTENT_BYTES_MAX;
    assert_int_equal(take(), PL_OK);
    assert_int_equal(append.message.body_kind, PL_BODY_ENCRYPTED);
    assert_int_equal(append.message.body_bytes, PL_CONTENT_BYTES_MAX);
    request.encrypted_content = (ProtobufCBinaryData){0, NULL};
    assert_refused(PL_INVALID_CONTENT);
}

static uint8_t part_data[PL_DEVICE_PARTS_BYTES_MAX + 1];

/* count parts of so many bytes each. */
static Parley__V1__DeviceParts *parts_of(size_t count, size_t bytes)
{
    Parley__V1__DeviceParts *parts = pl_arena_new(&arena, Parley__V1__DeviceParts);
    parley__v1__device_parts__init(parts);
    parts->n_parts = count;
    parts->parts = pl_arena_array(&arena, Parley__V1__DevicePart *, count + 1);
    for (size_t i = 0; i < count; i++) {
        parts->parts[i] = pl_arena_new(&arena, Parley__V1__DevicePart);
        parley__v1__device_part__init(parts->parts[i]);
        parts->parts[i]->device_id = pl_arena_printf(&arena, DEVICE, (unsigned)i);
        parts->parts[i]->encrypted_content = (ProtobufCBinaryData){bytes, part_data};
    }
    request.body_case = PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_DEVICE_PARTS;
    request.device_parts = parts;
    return parts;
}

static void device_parts_are_1_to_32(void **state)
{
    (void)state;
    parts_of(0, 1);
    assert_refused(PL_INVALID_CONTENT);
    parts_of(PL_DEVICE_PARTS_MAX + 1, 1);
    assert_refused(PL_INVALID_CONTENT);
    parts_of(PL_DEVICE_PARTS_MAX, 1);
    assert_int_equal(take(), PL_OK);
    assert_int_equal(append.message.body_kind, PL_BODY_DEVICE_PARTS);
}

static void device_parts_are_256_kib_together(void **state)
{
    (void)state;
    Parley__V1__DeviceParts *parts = parts_of(2, PL_DEVICE_PARTS_BYTES_MAX / 2);
    assert_int_equal(take(), PL_OK);
    parts->parts[1]->encrypted_content.len++;
    assert_refused(PL_INVALID_CONTENT);
}

static void device_part_needs_content_and_a_device(void **state)
{
    (void)state;
    Parley__V1__DeviceParts *parts = parts_of(2, 1);
    parts->parts[1]->encrypted_content.len = 0;
    assert_refused(PL_INVALID_CONTENT);
    parts = parts_of(2, 1);
    parts->parts[1]->device_id = (char *)"phone";
    assert_refused(PL_INVALID_ID);
}

static void own_part_is_found(void **state)
{
    (void)state;
    struct pl_device_id second;
    Parley__V1__DeviceParts *parts = parts_of(3, 4);
    uint8_t own_data[] = {9, 9};
    parts->parts[1]->encrypted_content = (ProtobufCBinaryData){sizeof(own_data), own_data};
    assert_int_equal(pl_uuid_parse(parts->parts[1]->device_id, &second.uuid), PL_OK);
    assert_int_equal(take(), PL_OK);
    Parley__V1__Message *proto = pl_message_to_proto(&append.message, &second, &arena);
    assert_int_equal(proto->body_case, PARLEY__V1__MESSAGE__BODY_DEVICE_PARTS);
    assert_int_equal(proto->device_parts->n_parts, 1);
    assert_memory_equal(proto->device_parts->parts[0]->encrypted_content.data, own_data, sizeof(own_data));
    proto = pl_message_to_proto(&append.message, &(struct pl_device_id){{{0}}}, &arena);
    assert_int_equal(proto->device_parts->n_parts, 0);
}

/* ---- metadata ---- */

static void put_metadata(size_t count, const char *const *keys, const char *const *values)
{
    request.n_metadata = count;
    request.metadata = pl_arena_array(&arena, Parley__V1__SendMessageRequest__MetadataEntry *, count + 1);
    for (size_t i = 0; i < count; i++) {
        request.metadata[i] = pl_arena_new(&arena, Parley__V1__SendMessageRequest__MetadataEntry);
        parley__v1__send_message_request__metadata_entry__init(request.metadata[i]);
        request.metadata[i]->key = (char *)(uintptr_t)keys[i];
        request.metadata[i]->value = (char *)(uintptr_t)values[i];
    }
}

static void metadata_comes_back(void **state)
{
    (void)state;
    put_metadata(2, (const char *[]){"a", "b"}, (const char *[]){"1", ""});
    assert_int_equal(take(), PL_OK);
    const Parley__V1__Message *proto = pl_message_to_proto(&append.message, &alice.device_id, &arena);
    assert_int_equal(proto->n_metadata, 2);
    assert_string_equal(proto->metadata[0]->key, "a");
    assert_string_equal(proto->metadata[0]->value, "1");
    assert_string_equal(proto->metadata[1]->key, "b");
    assert_string_equal(proto->metadata[1]->value, "");
}

static void bad_metadata_is_refused(void **state)
{
    (void)state;
    static char value[4097];
    put_metadata(2, (const char *[]){"a", "a"}, (const char *[]){"1", "2"});
    assert_refused(PL_INVALID_ARGUMENT);
    put_metadata(1, (const char *[]){""}, (const char *[]){"1"});
    assert_refused(PL_INVALID_ARGUMENT);
    memset(value, 'x', 4096);
    put_metadata(1, (const char *[]){"k"}, (const char *[]){value});
    assert_refused(PL_INVALID_ARGUMENT);
    value[4095] = '\0';
    assert_int_equal(take(), PL_OK);
}

/* ---- answers ---- */

static void answer_says_what_the_row_holds(void **state)
{
    (void)state;
    struct pl_message message = {
        .chat_id = {{{0xc}}},
        .seq = 7,
        .message_id = {{{0xd}}},
        .sender_id = {{{0xa1}}},
        .message_type = PARLEY__V1__MESSAGE_TYPE__MESSAGE_TYPE_VIDEO,
        .body_kind = PL_BODY_CONTENT,
        .body = "hello!",
        .body_bytes = 5,
        .created_at_us = 1700000000123456,
    };
    const Parley__V1__Message *proto = pl_message_to_proto(&message, &alice.device_id, &arena);
    assert_string_equal(proto->chat_id, "0c000000-0000-0000-0000-000000000000");
    assert_int_equal(proto->seq, 7);
    assert_string_equal(proto->prev_message_id, "");
    assert_string_equal(proto->sender_device_id, "");
    assert_string_equal(proto->recipient_id, "");
    assert_string_equal(proto->media_id, "");
    assert_string_equal(proto->content, "hello");
    assert_int_equal(proto->message_type, PARLEY__V1__MESSAGE_TYPE__MESSAGE_TYPE_VIDEO);
    assert_int_equal(proto->timestamp->seconds, 1700000000);
    assert_int_equal(proto->timestamp->nanos, 123456000);
    assert_int_equal(proto->n_metadata, 0);
    message.body_kind = PL_BODY_NONE;
    proto = pl_message_to_proto(&message, &alice.device_id, &arena);
    assert_int_equal(proto->body_case, PARLEY__V1__MESSAGE__BODY__NOT_SET);
}

static void of_an_expired_message_its_place_is_told(void **state)
{
    (void)state;
    put_metadata(1, (const char *[]){"k"}, (const char *[]){"v"});
    assert_int_equal(take(), PL_OK);
    struct pl_message *message = &append.message;
    message->media_id.uuid = pl_uuid_v7();
    message->expires_at_us = pl_clock_wall_us() + 3600000000;
    const Parley__V1__Message *proto = pl_message_to_proto(message, &alice.device_id, &arena);
    assert_int_equal(proto->status, PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_UNSPECIFIED);
    assert_int_equal(proto->expires_at->seconds, message->expires_at_us / 1000000);
    assert_int_equal(proto->body_case, PARLEY__V1__MESSAGE__BODY_CONTENT);
    message->expires_at_us = pl_clock_wall_us();
    proto = pl_message_to_proto(message, &alice.device_id, &arena);
    assert_int_equal(proto->status, PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_EXPIRED);
    assert_int_equal(proto->body_case, PARLEY__V1__MESSAGE__BODY__NOT_SET);
    assert_int_equal(proto->n_metadata, 0);
    assert_string_equal(proto->media_id, "");
}

/* By a database whose clock is ahead. */
static void an_emptied_message_is_expired_whatever_the_clock_says(void **state)
{
    (void)state;
    assert_int_equal(take(), PL_OK);
    append.message.expires_at_us = pl_clock_wall_us() + 3600000000;
    append.message.body = NULL;
    append.message.body_bytes = 0;
    assert_true(pl_message_is_expired(&append.message));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plain_request_is_taken),
        TEST(recipient_means_their_individual_chat),
        TEST(both_or_no_address_is_refused),
        TEST(bad_addresses_are_refused),
        TEST(message_to_oneself_is_refused),
        TEST(ids_are_taken),
        TEST(server_chooses_an_id_when_there_is_none),
        TEST(bad_ids_are_refused),
        TEST(types_for_clients_are_taken_and_no_others),
        TEST(body_is_required),
        TEST(content_is_1_to_65536_bytes),
        TEST(encrypted_content_is_1_to_65536_bytes),
        TEST(device_parts_are_1_to_32),
        TEST(device_parts_are_256_kib_together),
        TEST(device_part_needs_content_and_a_device),
        TEST(own_part_is_found),
        TEST(metadata_comes_back),
        TEST(bad_metadata_is_refused),
        TEST(answer_says_what_the_row_holds),
        TEST(of_an_expired_message_its_place_is_told),
        TEST(an_emptied_message_is_expired_whatever_the_clock_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
