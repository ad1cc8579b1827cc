/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Writing: every kind of field, empty and not, and text that needs escapes at every offset of the eight-byte steps. */
#include "json_case.h"

#include <parley/v1/admin_service.pb-c.h>
#include <parley/v1/chat_service.pb-c.h>
#include <parley/v1/message_service.pb-c.h>
#include <parley/v1/stream_service.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void an_empty_message_shows_all_but_what_can_be_absent(void **state)
{
    Parley__V1__Chat chat = PARLEY__V1__CHAT__INIT;

    (void)state;
    assert_written(&chat.base, "{\"chat_id\":\"\",\"chat_type\":\"unspecified\",\"name\":\"\",\"description\":\"\","
                               "\"participants\":[],\"participant_count\":0,\"metadata\":{},\"last_seq\":0,"
                               "\"avatar_media_id\":\"\",\"etag\":\"\",\"unread_count\":0}");
}

static void a_message_without_fields_is_an_empty_object(void **state)
{
    Parley__V1__SendResult result = PARLEY__V1__SEND_RESULT__INIT;

    (void)state;
    assert_written(&result.base, "{}");
}

static void an_empty_page_has_its_list_and_token(void **state)
{
    Parley__V1__ListMessagesResponse page = PARLEY__V1__LIST_MESSAGES_RESPONSE__INIT;

    (void)state;
    assert_written(&page.base, "{\"messages\":[],\"next_page_token\":\"\"}");
}

static void only_the_member_of_a_oneof_that_is_set_is_written(void **state)
{
    Parley__V1__EditMessageRequest edit = PARLEY__V1__EDIT_MESSAGE_REQUEST__INIT;

    (void)state;
    edit.body_case = PARLEY__V1__EDIT_MESSAGE_REQUEST__BODY_CONTENT;
    edit.content = "";
    assert_written(&edit.base, "{\"message_id\":\"\",\"content\":\"\"}");
    edit.body_case = PARLEY__V1__EDIT_MESSAGE_REQUEST__BODY_ENCRYPTED_CONTENT;
    edit.encrypted_content = (ProtobufCBinaryData){.data = (uint8_t *)"\xfb\xff\xfe\x01", .len = 4};
    assert_written(&edit.base, "{\"message_id\":\"\",\"encrypted_content\":\"+//+AQ==\"}");
    edit.encrypted_content.len = 0;
    assert_written(&edit.base, "{\"message_id\":\"\",\"encrypted_content\":\"\"}");
}

static void an_enum_that_has_no_name_is_its_number(void **state)
{
    Parley__V1__NewParticipant participant = PARLEY__V1__NEW_PARTICIPANT__INIT;

    (void)state;
    participant.role = PARLEY__V1__ROLE__ROLE_OWNER;
    assert_written(&participant.base, "{\"user_id\":\"\",\"role\":\"owner\"}");
    participant.role = (Parley__V1__Role)-7;
    assert_written(&participant.base, "{\"user_id\":\"\",\"role\":-7}");
}

static void integers_that_doubles_do_not_hold_are_strings(void **state)
{
    static const struct {
        int64_t seq;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-1, "-1"},
        {INT64_C(9007199254740991), "9007199254740991"},
        {INT64_C(-9007199254740991), "-9007199254740991"},
        {INT64_C(9007199254740992), "\"9007199254740992\""},
        {INT64_MAX, "\"9223372036854775807\""},
        {INT64_MIN, "\"-9223372036854775808\""},
    };
    char expected[128];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Parley__V1__ChatPlace place = PARLEY__V1__CHAT_PLACE__INIT;
        place.seq = rows[i].seq;
        snprintf(expected, sizeof(expected), "{\"chat_id\":\"\",\"seq\":%s}", rows[i].text);
        assert_written(&place.base, expected);
    }
    Parley__V1__Sent sent = PARLEY__V1__SENT__INIT;
    sent.request_id = UINT64_MAX;
    assert_written(&sent.base,
                   "{\"request_id\":\"18446744073709551615\",\"chat_id\":\"\",\"message_id\":\"\",\"seq\":0}");
}

static void lists_and_maps_keep_their_order(void **state)
{
    Parley__V1__EventMember ann = PARLEY__V1__EVENT_MEMBER__INIT;
    Parley__V1__EventMember bob = PARLEY__V1__EVENT_MEMBER__INIT;
    Parley__V1__ChatEvent event = PARLEY__V1__CHAT_EVENT__INIT;

    (void)state;
    ann.user_id = "ann";
    bob.user_id = "bob";
    bob.role = PARLEY__V1__ROLE__ROLE_ADMIN;
    event.members_added = (Parley__V1__EventMember *[]){&ann, &bob};
    event.n_members_added = 2;
    event.members_removed = (char *[]){"c", "d", "e"};
    event.n_members_removed = 3;
    event.chat_deleted = 1;
    assert_written(&event.base, "{\"members_added\":[{\"user_id\":\"ann\",\"role\":\"unspecified\"},"
                                "{\"user_id\":\"bob\",\"role\":\"admin\"}],\"members_removed\":[\"c\",\"d\",\"e\"],"
                                "\"roles_changed\":[],\"chat_deleted\":true,\"device_added\":\"\",\"device_revoked\":"
                                "\"\",\"user_blocked\":\"\",\"user_unblocked\":\"\"}");
}

static void assert_name_written(const char *name, const char *quoted)
{
    Parley__V1__ChatUpdated updated = PARLEY__V1__CHAT_UPDATED__INIT;
    char expected[512];

    updated.etag = (char *)(uintptr_t)name;
    snprintf(expected, sizeof(expected), "{\"fields\":[],\"etag\":%s}", quoted);
    assert_written(&updated.base, expected);
}

static void strings_are_escaped_as_little_as_json_allows(void **state)
{
    (void)state;
    assert_name_written("/ <&>' \x7f \xc3\xa9 \xe2\x80\xa8 \xf0\x9f\x98\x80",
                        "\"/ <&>' \x7f \xc3\xa9 \xe2\x80\xa8 \xf0\x9f\x98\x80\"");
    assert_name_written("\"\\\b\f\n\r\t", "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
    assert_name_written("\x01\x1f", "\"\\u0001\\u001f\"");
    assert_name_written("\\\\\"\"", "\"\\\\\\\\\\\"\\\"\"");
}

/* Behind 0 to 17 letters and before as many. */
static void escapes_are_found_at_every_offset(void **state)
{
    static const char letters[] = "abcdefghijklmnopq";
    char text[64], quoted[64];

    (void)state;
    for (int before = 0; before <= 17; before++)
        for (int after = 0; after <= 17; after++) {
            snprintf(text, sizeof(text), "%.*s\x1f%.*s", before, letters, after, letters);
            snprintf(quoted, sizeof(quoted), "\"%.*s\\u001f%.*s\"", before, letters, after, letters);
            assert_name_written(text, quoted);
        }
}

static void a_time_that_json_cannot_say_is_null(void **state)
{
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Parley__V1__MessageReceipt receipt = PARLEY__V1__MESSAGE_RECEIPT__INIT;

    (void)state;
    receipt.read_at = &time;
    time.seconds = INT64_MAX;
    assert_written(&receipt.base, "{\"user_id\":\"\",\"status\":\"unspecified\",\"read_at\":null}");
    time.seconds = 0;
    time.nanos = 5000;
    assert_written(&receipt.base,
                   "{\"user_id\":\"\",\"status\":\"unspecified\",\"read_at\":\"1970-01-01T00:00:00.000005Z\"}");
}

static void a_buffer_that_is_too_small_overflows(void **state)
{
    Parley__V1__ChatUpdated updated = PARLEY__V1__CHAT_UPDATED__INIT;
    struct pl_buf buf;

    (void)state;
    updated.etag = "some \"text\"";
    for (size_t bytes_max = 0; bytes_max < 38; bytes_max++) {
        pl_buf_init(&buf, bytes_max);
        pl_json_write(&buf, &updated.base);
        assert_true(buf.overflowed == (bytes_max < strlen("{\"fields\":[],\"etag\":\"some \\\"text\\\"\"}")));
        pl_buf_fini(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_message_shows_all_but_what_can_be_absent),
        cmocka_unit_test(a_message_without_fields_is_an_empty_object),
        cmocka_unit_test(an_empty_page_has_its_list_and_token),
        cmocka_unit_test(only_the_member_of_a_oneof_that_is_set_is_written),
        cmocka_unit_test(an_enum_that_has_no_name_is_its_number),
        cmocka_unit_test(integers_that_doubles_do_not_hold_are_strings),
        cmocka_unit_test(lists_and_maps_keep_their_order),
        cmocka_unit_test(strings_are_escaped_as_little_as_json_allows),
        cmocka_unit_test(escapes_are_found_at_every_offset),
        cmocka_unit_test(a_time_that_json_cannot_say_is_null),
        cmocka_unit_test(a_buffer_that_is_too_small_overflows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
