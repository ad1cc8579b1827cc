/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include <string.h>

#include "base/limits.h"
#include "support/cmocka.h"

#include "parley/v1/message_service.pb-c.h"
#include "parley/v1/stream_service.pb-c.h"
#include "rpc/fields.h"

#define ID "0190f0a0-0000-7000-8000-0000000000c1"

static struct pl_arena arena;

static int set_up(void **state)
{
    (void)state;
    pl_arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_arena_fini(&arena);
    return 0;
}

static void uuid_is_text_and_nil_is_empty(void **state)
{
    (void)state;
    struct pl_uuid uuid;
    assert_int_equal(pl_uuid_parse(ID, &uuid), PL_OK);
    assert_string_equal(pl_field_uuid(&uuid, &arena), ID);
    assert_string_equal(pl_field_uuid(&(struct pl_uuid){{0}}, &arena), "");
}

static void optional_uuid_may_be_empty_and_nothing_else(void **state)
{
    (void)state;
    struct pl_uuid uuid = {{1}};
    assert_int_equal(pl_field_optional_uuid("", &uuid), PL_OK);
    assert_true(pl_uuid_is_nil(&uuid));
    assert_int_equal(pl_field_optional_uuid(ID, &uuid), PL_OK);
    assert_int_equal(uuid.bytes[15], 0xc1);
    assert_int_equal(pl_field_optional_uuid(" ", &uuid), PL_INVALID_ID);
    assert_int_equal(pl_field_optional_uuid(ID "0", &uuid), PL_INVALID_ID);
}

static void time_has_seconds_and_nanos_and_0_is_absent(void **state)
{
    (void)state;
    assert_null(pl_field_time(0, &arena));
    const Google__Protobuf__Timestamp *time = pl_field_time(1700000000999999, &arena);
    assert_int_equal(time->seconds, 1700000000);
    assert_int_equal(time->nanos, 999999000);
}

static enum pl_status time_us(int64_t seconds, int32_t nanos, int64_t *ret_unix_us)
{
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    time.seconds = seconds;
    time.nanos = nanos;
    return pl_field_time_us(&time, ret_unix_us);
}

static void time_us_is_rounded_up(void **state)
{
    (void)state;
    int64_t us = -7;
    assert_int_equal(time_us(0, 0, &us), PL_OK);
    assert_int_equal(us, 0);
    assert_int_equal(time_us(1700000000, 999999000, &us), PL_OK);
    assert_int_equal(us, 1700000000999999);
    assert_int_equal(time_us(-1, 1, &us), PL_OK);
    assert_int_equal(us, -999999);
    assert_int_equal(time_us(9, 999999001, &us), PL_OK);
    assert_int_equal(us, 10000000);
}

static void time_us_is_of_the_years_1_to_9999(void **state)
{
    (void)state;
    int64_t us = -7;
    assert_int_equal(time_us(-62135596800, 0, &us), PL_OK);
    assert_int_equal(time_us(253402300799, 999999999, &us), PL_OK);
    us = -7;
    assert_int_equal(time_us(-62135596801, 0, &us), PL_INVALID_ARGUMENT);
    assert_int_equal(time_us(253402300800, 0, &us), PL_INVALID_ARGUMENT);
    assert_int_equal(time_us(INT64_MIN, 0, &us), PL_INVALID_ARGUMENT);
    assert_int_equal(time_us(0, -1, &us), PL_INVALID_ARGUMENT);
    assert_int_equal(time_us(0, 1000000000, &us), PL_INVALID_ARGUMENT);
    assert_int_equal(us, -7);
}

static void page_size_is_1_to_100_and_0_is_50(void **state)
{
    (void)state;
    int size = -7;
    assert_int_equal(pl_field_page_size(0, &size), PL_OK);
    assert_int_equal(size, 50);
    assert_int_equal(pl_field_page_size(1, &size), PL_OK);
    assert_int_equal(size, 1);
    assert_int_equal(pl_field_page_size(100, &size), PL_OK);
    assert_int_equal(size, 100);
    assert_int_equal(pl_field_page_size(101, &size), PL_INVALID_PAGE_SIZE);
    assert_int_equal(pl_field_page_size(-1, &size), PL_INVALID_PAGE_SIZE);
    assert_int_equal(pl_field_page_size(INT32_MIN, &size), PL_INVALID_PAGE_SIZE);
    assert_int_equal(size, 100);
}

static void chars_are_code_points(void **state)
{
    (void)state;
    assert_true(pl_field_chars("", 0, 2));
    assert_false(pl_field_chars("", 1, 2));
    assert_true(pl_field_chars("\xc3\xa9\xf0\x9f\x98\x80", 2, 2));
    assert_false(pl_field_chars("abc", 1, 2));
}

static enum pl_status metadata(size_t count, const char *const *keys, const char *const *values)
{
    Parley__V1__Message__MetadataEntry **entries =
        pl_arena_array(&arena, Parley__V1__Message__MetadataEntry *, count + 1);
    for (size_t i = 0; i < count; i++) {
        entries[i] = pl_arena_new(&arena, Parley__V1__Message__MetadataEntry);
        parley__v1__message__metadata_entry__init(entries[i]);
        entries[i]->key = (char *)(uintptr_t)keys[i];
        entries[i]->value = (char *)(uintptr_t)values[i];
    }
    return pl_field_metadata(entries, count);
}

static void metadata_is_at_most_4096_bytes(void **state)
{
    (void)state;
    static char value[PL_METADATA_BYTES_MAX + 1];
    memset(value, 'x', PL_METADATA_BYTES_MAX);
    assert_int_equal(metadata(1, (const char *[]){"k"}, (const char *[]){value}), PL_INVALID_ARGUMENT);
    value[PL_METADATA_BYTES_MAX - 1] = '\0';
    assert_int_equal(metadata(1, (const char *[]){"k"}, (const char *[]){value}), PL_OK);
    assert_int_equal(metadata(2, (const char *[]){"k", "l"}, (const char *[]){value, ""}), PL_INVALID_ARGUMENT);
    assert_int_equal(metadata(0, NULL, NULL), PL_OK);
}

static void metadata_keys_are_there_and_differ(void **state)
{
    (void)state;
    assert_int_equal(metadata(2, (const char *[]){"k", "l"}, (const char *[]){"1", "1"}), PL_OK);
    assert_int_equal(metadata(2, (const char *[]){"k", "k"}, (const char *[]){"1", "1"}), PL_INVALID_ARGUMENT);
    assert_int_equal(metadata(1, (const char *[]){""}, (const char *[]){"1"}), PL_INVALID_ARGUMENT);
}

static void packed_message_unpacks(void **state)
{
    (void)state;
    Parley__V1__MarkReadResponse response = PARLEY__V1__MARK_READ_RESPONSE__INIT;
    size_t bytes = 0;
    response.chat_id = (char *)ID;
    response.last_read_seq = 7;
    const uint8_t *packed = pl_field_pack(&response.base, &arena, &bytes);
    assert_int_equal(bytes, parley__v1__mark_read_response__get_packed_size(&response));
    const Parley__V1__MarkReadResponse *again = (const Parley__V1__MarkReadResponse *)pl_field_unpack(
        &parley__v1__mark_read_response__descriptor, packed, bytes, &arena);
    assert_string_equal(again->chat_id, ID);
    assert_int_equal(again->last_read_seq, 7);
}

static uint32_t mask_bits(size_t count, const char *const *paths)
{
    static const char *const names[] = {"name", "about", NULL};
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    uint32_t bits = 77;
    mask.n_paths = count;
    mask.paths = (char **)(uintptr_t)paths;
    return pl_field_mask(&mask, names, &bits) == PL_OK ? bits : 99;
}

static void mask_is_bits_of_its_paths(void **state)
{
    (void)state;
    uint32_t bits = 77;
    assert_int_equal(pl_field_mask(NULL, (const char *[]){NULL}, &bits), PL_OK);
    assert_int_equal(bits, 0);
    assert_int_equal(mask_bits(0, NULL), 0);
    assert_int_equal(mask_bits(1, (const char *[]){"about"}), 2);
    assert_int_equal(mask_bits(3, (const char *[]){"about", "name", "about"}), 3);
    assert_int_equal(mask_bits(1, (const char *[]){"*"}), 3);
    assert_int_equal(mask_bits(2, (const char *[]){"name", "nam"}), 99);
    assert_int_equal(mask_bits(1, (const char *[]){""}), 99);
}

static void sorted_maps_pack_alike(void **state)
{
    (void)state;
    Parley__V1__Message message = PARLEY__V1__MESSAGE__INIT;
    Parley__V1__Message__MetadataEntry *entries[3];
    for (size_t i = 0; i < 3; i++) {
        static const char *const keys[] = {"c", "a", "b"};
        entries[i] = pl_arena_new(&arena, Parley__V1__Message__MetadataEntry);
        parley__v1__message__metadata_entry__init(entries[i]);
        entries[i]->key = (char *)(uintptr_t)keys[i];
    }
    message.metadata = pl_field_copy_map(entries, 3, &parley__v1__message__metadata_entry__descriptor, &arena);
    message.n_metadata = 3;
    pl_field_sort_maps(&message.base);
    assert_string_equal(message.metadata[0]->key, "a");
    assert_string_equal(message.metadata[1]->key, "b");
    assert_string_equal(message.metadata[2]->key, "c");
    assert_string_equal(entries[0]->key, "c");
    message.n_metadata = 0;
    message.metadata = NULL;
    pl_field_sort_maps(&message.base);
}

/* In a repeated field and in a single one. */
static void maps_below_are_sorted_too(void **state)
{
    Parley__V1__SendMessagesRequest batch = PARLEY__V1__SEND_MESSAGES_REQUEST__INIT;
    Parley__V1__SendMessageRequest message = PARLEY__V1__SEND_MESSAGE_REQUEST__INIT;
    Parley__V1__SendMessageRequest *messages[] = {&message};
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    Parley__V1__Send send = PARLEY__V1__SEND__INIT;
    Parley__V1__Send *sends[] = {&send};
    Parley__V1__SendMessageRequest__MetadataEntry entries[2];
    Parley__V1__SendMessageRequest__MetadataEntry *map[] = {&entries[0], &entries[1]};

    (void)state;
    for (unsigned i = 0; i < 2; i++)
        parley__v1__send_message_request__metadata_entry__init(&entries[i]);
    entries[0].key = (char *)"b";
    entries[1].key = (char *)"a";
    message.metadata = map;
    message.n_metadata = 2;
    batch.messages = messages;
    batch.n_messages = 1;
    pl_field_sort_maps(&batch.base);
    assert_string_equal(map[0]->key, "a");
    map[0] = &entries[0];
    map[1] = &entries[1];
    send.message = &message;
    frame.sends = sends;
    frame.n_sends = 1;
    pl_field_sort_maps(&frame.base);
    assert_string_equal(map[0]->key, "a");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(uuid_is_text_and_nil_is_empty),
        TEST(optional_uuid_may_be_empty_and_nothing_else),
        TEST(time_has_seconds_and_nanos_and_0_is_absent),
        TEST(time_us_is_rounded_up),
        TEST(time_us_is_of_the_years_1_to_9999),
        TEST(page_size_is_1_to_100_and_0_is_50),
        TEST(chars_are_code_points),
        TEST(metadata_is_at_most_4096_bytes),
        TEST(metadata_keys_are_there_and_differ),
        TEST(packed_message_unpacks),
        TEST(mask_is_bits_of_its_paths),
        TEST(sorted_maps_pack_alike),
        TEST(maps_below_are_sorted_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
