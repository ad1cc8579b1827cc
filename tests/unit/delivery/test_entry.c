/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What devices get of an entry whose time is over, however long it waited for them. */
#include "base/clock.h"
#include "delivery/entry.h"
#include "parley/v1/message_service.pb-c.h"
#include "support/cmocka.h"

#define TAG 0x22
#define HOUR_US INT64_C(3600000000)

static const struct pl_device_id phone = {{{0xd1}}};
static const struct pl_device_id other = {{{0xd2}}};

static struct pl_message message_until(int64_t expires_at_us)
{
    return (struct pl_message){
        .chat_id = {{{0xc}}},
        .seq = 7,
        .message_id = {{{0xa}}},
        .sender_device_id = phone,
        .message_type = PARLEY__V1__MESSAGE_TYPE__MESSAGE_TYPE_TEXT,
        .body_kind = PL_BODY_CONTENT,
        .body = "secret",
        .body_bytes = 6,
        .media_id = {{{0xe}}},
        .metadata = "\x62\x06\x0a\x01k\x12\x01v", /* field 12: {"k": "v"} */
        .metadata_bytes = 8,
        .expires_at_us = expires_at_us,
    };
}

/* What the device gets; freed by the caller. */
static Parley__V1__Message *put(const struct pl_entry *entry, const struct pl_device_id *device)
{
    struct pl_buf buf;
    pl_buf_init(&buf, 4096);
    pl_entry_put(entry, TAG, device, &buf);
    assert_false(buf.overflowed);
    assert_true(buf.bytes <= pl_entry_size(entry));
    assert_int_equal(buf.data[0], TAG);
    size_t start = buf.data[1] < 0x80 ? 2 : 3;
    Parley__V1__Message *message = parley__v1__message__unpack(NULL, buf.bytes - start, buf.data + start);
    assert_non_null(message);
    pl_buf_fini(&buf);
    return message;
}

static void assert_gone(const struct pl_entry *entry, const struct pl_device_id *device)
{
    Parley__V1__Message *message = put(entry, device);
    assert_int_equal(message->seq, 7);
    assert_int_equal(message->status, PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_EXPIRED);
    assert_int_equal(message->body_case, PARLEY__V1__MESSAGE__BODY__NOT_SET);
    assert_int_equal(message->n_metadata, 0);
    assert_string_equal(message->media_id, "");
    assert_non_null(message->expires_at);
    parley__v1__message__free_unpacked(message, NULL);
}

static void until_then_all_of_it_is_put(void **state)
{
    (void)state;
    const struct pl_message message = message_until(pl_clock_wall_us() + HOUR_US);
    struct pl_entry *entry = pl_entry_new(&message);
    Parley__V1__Message *whole = put(entry, &other);
    assert_string_equal(whole->content, "secret");
    assert_string_equal(whole->metadata[0]->value, "v");
    assert_int_equal(whole->status, PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_UNSPECIFIED);
    assert_int_equal(whole->expires_at->seconds, message.expires_at_us / 1000000);
    parley__v1__message__free_unpacked(whole, NULL);
    pl_entry_release(entry);
}

static void what_waited_too_long_is_put_without_its_body(void **state)
{
    (void)state;
    const struct pl_message message = message_until(pl_clock_wall_us() + HOUR_US);
    struct pl_entry *entry = pl_entry_new(&message);
    entry->expires_at_us = pl_clock_wall_us();
    assert_gone(entry, &other);
    assert_gone(entry, &phone);
    pl_entry_release(entry);
}

static void what_is_read_too_late_is_put_without_its_body(void **state)
{
    (void)state;
    const struct pl_message message = message_until(pl_clock_wall_us());
    struct pl_entry *entry = pl_entry_new(&message);
    assert_gone(entry, &other);
    assert_gone(entry, &phone);
    pl_entry_release(entry);
}

static void what_does_not_expire_has_no_rest(void **state)
{
    (void)state;
    const struct pl_message message = message_until(0);
    struct pl_entry *entry = pl_entry_new(&message);
    assert_int_equal(entry->rest_bytes, 0);
    Parley__V1__Message *whole = put(entry, &other);
    assert_string_equal(whole->content, "secret");
    assert_null(whole->expires_at);
    parley__v1__message__free_unpacked(whole, NULL);
    pl_entry_release(entry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(until_then_all_of_it_is_put),
        cmocka_unit_test(what_waited_too_long_is_put_without_its_body),
        cmocka_unit_test(what_is_read_too_late_is_put_without_its_body),
        cmocka_unit_test(what_does_not_expire_has_no_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
