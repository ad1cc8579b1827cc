/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Fields from path variables and query parameters, beside what a body said; and the update_mask of a PATCH. */
#include "json_case.h"

#include <parley/v1/chat_service.pb-c.h>
#include <parley/v1/message_service.pb-c.h>
#include <parley/v1/user_service.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE (&parley__v1__list_messages_request__descriptor)
#define UPDATE (&parley__v1__update_chat_request__descriptor)
#define EVENT (&parley__v1__chat_event__descriptor)
#define SEND (&parley__v1__send_message_request__descriptor)

static void set(void **state, ProtobufCMessage *message, const char *name, const char *text)
{
    struct pl_json_problem problem;

    if (pl_json_set(message, name, text, *state, &problem) != PL_OK)
        fail_msg("%s=%s: %s", name, text, problem.sentence);
}

static void assert_not_set(void **state, ProtobufCMessage *message, const char *name, const char *text,
                           const char *told)
{
    struct pl_json_problem problem;
    enum pl_status status = pl_json_set(message, name, text, *state, &problem);

    assert_int_not_equal(status, PL_OK);
    assert_told(&problem, status, told);
}

static void every_kind_of_field_is_set_from_its_text(void **state)
{
    ProtobufCMessage *page = read_json(state, PAGE, "");
    ProtobufCMessage *event = read_json(state, EVENT, "");
    ProtobufCMessage *send = read_json(state, SEND, "");

    set(state, page, "chat_id", "c");
    set(state, page, "pageSize", "50");
    set(state, page, "before_seq", "-9223372036854775808");
    set(state, page, "since", "2026-01-02T03:04:05Z");
    assert_written(page,
                   "{\"chat_id\":\"c\",\"page_size\":50,\"page_token\":\"\",\"before_seq\":\"-9223372036854775808\","
                   "\"after_seq\":0,\"before_message_id\":\"\",\"after_message_id\":\"\","
                   "\"since\":\"2026-01-02T03:04:05Z\"}");
    set(state, event, "chat_deleted", "true");
    assert_written(event,
                   "{\"members_added\":[],\"members_removed\":[],\"roles_changed\":[],\"chat_deleted\":true,"
                   "\"device_added\":\"\",\"device_revoked\":\"\",\"user_blocked\":\"\",\"user_unblocked\":\"\"}");
    set(state, send, "message_type", "video");
    set(state, send, "encrypted_content", "-__-AQ");
    assert_written(send, "{\"chat_id\":\"\",\"recipient_id\":\"\",\"message_id\":\"\",\"message_type\":\"video\","
                         "\"media_id\":\"\",\"reply_to_message_id\":\"\",\"metadata\":{},\"flags\":[],"
                         "\"encrypted_content\":\"+//+AQ==\"}");
}

static void a_member_of_a_oneof_is_set_and_set_the_same_again(void **state)
{
    ProtobufCMessage *message = read_json(state, &parley__v1__edit_message_request__descriptor, "");

    set(state, message, "content", "hi");
    set(state, message, "content", "hi");
    assert_not_set(state, message, "content", "ho", "content has two values that differ");
    assert_written(message, "{\"message_id\":\"\",\"content\":\"hi\"}");
}

static void a_list_gets_one_more_element_each_time(void **state)
{
    ProtobufCMessage *message = read_json(state, EVENT, "{\"members_removed\":[\"a\",\"b\",\"c\"]}");
    const Parley__V1__ChatEvent *event = (const void *)message;

    for (int i = 0; i < 100; i++)
        set(state, message, "members_removed", i % 2 == 0 ? "even" : "odd");
    assert_int_equal(event->n_members_removed, 103);
    assert_string_equal(event->members_removed[2], "c");
    for (int i = 0; i < 100; i++)
        assert_string_equal(event->members_removed[3 + i], i % 2 == 0 ? "even" : "odd");
}

static void a_text_that_the_field_cannot_have_is_refused(void **state)
{
    ProtobufCMessage *page = read_json(state, PAGE, "");

    assert_not_set(state, page, "page_size", "", "page_size must be a whole number from -2147483648 to");
    assert_not_set(state, page, "page_size", "ten", "page_size must be a whole number");
    assert_not_set(state, page, "since", "now", "since must be a time of RFC 3339");
    assert_not_set(state, page, "chat_id", "\xff", "chat_id must be valid UTF-8");
    assert_not_set(state, page, "page", "2", "page is not known here; known are: chat_id, page_size, page_token");
    assert_not_set(state, read_json(state, EVENT, ""), "chat_left", "c", "chat_left is an object, which only a JSON");
    assert_not_set(state, read_json(state, EVENT, ""), "chat_deleted", "1", "chat_deleted must be true or false");
    assert_not_set(state, read_json(state, SEND, ""), "metadata", "a", "metadata is an object, which only a JSON");
    assert_not_set(state, read_json(state, SEND, ""), "message_type", "film",
                   "message_type must be one of text, image");
}

static void what_is_said_twice_must_be_the_same(void **state)
{
    ProtobufCMessage *page = read_json(
        state, PAGE, "{\"chat_id\":\"c\",\"page_size\":5,\"before_seq\":7,\"since\":\"2026-01-02T03:04:05Z\"}");
    ProtobufCMessage *send = read_json(state, SEND, "{\"encrypted_content\":\"AQ==\"}");

    set(state, page, "chat_id", "c");
    set(state, page, "page_size", "5");
    set(state, page, "before_seq", "7");
    assert_not_set(state, page, "chat_id", "d", "chat_id has two values that differ");
    assert_not_set(state, page, "page_size", "6", "page_size has two values that differ");
    assert_not_set(state, page, "before_seq", "8", "before_seq has two values that differ");
    assert_not_set(state, page, "since", "2027-01-02T03:04:05Z", "since has two values that differ");
    assert_not_set(state, send, "encrypted_content", "Ag==", "encrypted_content has two values that differ");
    assert_not_set(state, send, "content", "hi", "content must not be set together with encrypted_content");
}

static void assert_mask(void **state, const char *text, const char *expected)
{
    const Parley__V1__UpdateChatRequest *update = (const void *)read_json(state, UPDATE, text);
    char paths[256] = "";

    for (size_t i = 0; i < update->update_mask->n_paths; i++) {
        strcat(paths, i > 0 ? "," : "");
        strcat(paths, update->update_mask->paths[i]);
    }
    assert_string_equal(paths, expected);
}

static void an_update_mask_that_is_not_given_is_what_the_body_names(void **state)
{
    assert_mask(state, "", "");
    assert_mask(state, "{\"avatarMediaId\":\"m\",\"name\":\"\"}", "avatar_media_id,name");
    assert_mask(state, "{\"name\":null}", "name");
    assert_mask(state, "{\"metadata\":{\"a\":\"b\"}}", "metadata");
    assert_mask(state, "{\"etag\":\"e\",\"name\":\"n\",\"update_mask\":null}", "name");
}

static void of_a_message_within_only_what_is_named_changes(void **state)
{
    assert_mask(state, "{\"settings\":{\"joinPolicy\":\"open\"}}", "settings.join_policy");
    assert_mask(state, "{\"name\":\"n\",\"settings\":{}}", "name");
    assert_mask(state, "{\"settings\":null}", "settings");
}

static void an_update_mask_that_is_given_stays(void **state)
{
    assert_mask(state, "{\"update_mask\":\"\",\"name\":\"n\"}", "");
    assert_mask(state, "{\"update_mask\":\"*\",\"name\":\"n\"}", "*");
    assert_mask(state, "{\"updateMask\":\"name,settings.joinPolicy\",\"description\":\"d\"}",
                "name,settings.join_policy");
}

static void what_is_no_update_mask_is_refused(void **state)
{
    static const char *const values[] = {"\"**\"", "\",\"", "\"name,\"", "\"na me\"", "\"name\\\"\""};
    char text[64];

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        snprintf(text, sizeof(text), "{\"update_mask\":%s}", values[i]);
        assert_refused(state, UPDATE, text, PL_INVALID_ARGUMENT,
                       "update_mask must be names of fields with commas between");
    }
    assert_refused(state, UPDATE, "{\"update_mask\":[\"name\"]}", PL_INVALID_ARGUMENT, "update_mask must be a string");
}

static void what_a_path_names_is_no_change(void **state)
{
    assert_mask(state, "{\"description\":\"d\",\"chat_id\":\"c\",\"name\":\"n\"}", "description,name");
    assert_mask(state, "{\"chatId\":\"c\",\"update_mask\":\"chat_id\"}", "chat_id");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_field_is_set_from_its_text),
        cmocka_unit_test(a_member_of_a_oneof_is_set_and_set_the_same_again),
        cmocka_unit_test(a_list_gets_one_more_element_each_time),
        cmocka_unit_test(a_text_that_the_field_cannot_have_is_refused),
        cmocka_unit_test(what_is_said_twice_must_be_the_same),
        cmocka_unit_test(an_update_mask_that_is_not_given_is_what_the_body_names),
        cmocka_unit_test(of_a_message_within_only_what_is_named_changes),
        cmocka_unit_test(an_update_mask_that_is_given_stays),
        cmocka_unit_test(what_is_no_update_mask_is_refused),
        cmocka_unit_test(what_a_path_names_is_no_change),
    };

    return cmocka_run_group_tests(tests, json_case_init, json_case_fini);
}
