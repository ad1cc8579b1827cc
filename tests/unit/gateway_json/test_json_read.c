/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Reading: every way to write a value, and every text that is refused, with what the caller is told. */
#include "json_case.h"

#include <parley/v1/chat_service.pb-c.h>
#include <parley/v1/message_service.pb-c.h>
#include <parley/v1/stream_service.pb-c.h>
#include <parley/v1/user_service.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define CHAT (&parley__v1__create_chat_request__descriptor)
#define UPDATE (&parley__v1__update_chat_request__descriptor)
#define SEND (&parley__v1__send_message_request__descriptor)
#define PAGE (&parley__v1__list_messages_request__descriptor)
#define PLACE (&parley__v1__chat_place__descriptor)
#define EVENT (&parley__v1__chat_event__descriptor)

static void nothing_and_an_empty_object_are_an_empty_message(void **state)
{
    assert_rewritten(state, PLACE, "", "{\"chat_id\":\"\",\"seq\":0}");
    assert_rewritten(state, PLACE, " {}\n", "{\"chat_id\":\"\",\"seq\":0}");
}

static void names_are_read_in_snake_case_and_in_lower_camel_case(void **state)
{
    assert_rewritten(state, PLACE, "{\"chat_id\":\"c\",\"seq\":1}", "{\"chat_id\":\"c\",\"seq\":1}");
    assert_rewritten(state, PLACE, "{\"seq\":1,\"chatId\":\"c\"}", "{\"chat_id\":\"c\",\"seq\":1}");
}

static void null_is_as_if_it_were_not_there(void **state)
{
    assert_rewritten(state, PLACE, "{\"chat_id\":null,\"seq\":null}", "{\"chat_id\":\"\",\"seq\":0}");
    assert_rewritten(state, &parley__v1__edit_message_request__descriptor,
                     "{\"content\":null,\"encrypted_content\":\"\",\"device_parts\":null}",
                     "{\"message_id\":\"\",\"encrypted_content\":\"\"}");
}

static void integers_are_read_from_numbers_and_strings(void **state)
{
    static const char *const rows[][2] = {
        {"7", "7"},
        {"\"7\"", "7"},
        {"-0", "0"},
        {"\"-0\"", "0"},
        {"7.0", "7"},
        {"-1e3", "-1000"},
        {"9007199254740992.0", "\"9007199254740992\""},
        {"9223372036854775807", "\"9223372036854775807\""},
        {"\"-9223372036854775808\"", "\"-9223372036854775808\""},
    };
    char text[64], expected[64];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(text, sizeof(text), "{\"seq\":%s}", rows[i][0]);
        snprintf(expected, sizeof(expected), "{\"chat_id\":\"\",\"seq\":%s}", rows[i][1]);
        assert_rewritten(state, PLACE, text, expected);
    }
    assert_rewritten(state, &parley__v1__sent__descriptor, "{\"request_id\":\"18446744073709551615\"}",
                     "{\"request_id\":\"18446744073709551615\",\"chat_id\":\"\",\"message_id\":\"\",\"seq\":0}");
}

static void integers_that_do_not_fit_are_refused(void **state)
{
    static const char *const values[] = {"7.5",   "1e300", "\"\"", "\"-\"", "\"7 \"",   "\"+7\"",
                                         "\"x\"", "true",  "[7]",  "{}",    "\"0x10\"", "\"9223372036854775808\""};
    char text[64];

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        snprintf(text, sizeof(text), "{\"seq\":%s}", values[i]);
        assert_refused(state, PLACE, text, PL_INVALID_ARGUMENT,
                       "seq must be a whole number from -9223372036854775808 to 9223372036854775807");
    }
    assert_refused(state, PLACE, "{\"seq\":9223372036854775808}", PL_MALFORMED_JSON,
                   "the body has a number that is too large; write it as a string (line 1, column ");
    assert_refused(state, PAGE, "{\"page_size\":2147483648}", PL_INVALID_ARGUMENT,
                   "page_size must be a whole number from -2147483648 to 2147483647");
    assert_refused(state, PAGE, "{\"page_size\":\"-2147483649\"}", PL_INVALID_ARGUMENT, "page_size must be a whole");
    assert_refused(state, &parley__v1__sent__descriptor, "{\"request_id\":-1}", PL_INVALID_ARGUMENT,
                   "request_id must be a whole number from 0 to 18446744073709551615");
    assert_refused(state, &parley__v1__sent__descriptor, "{\"request_id\":\"18446744073709551616\"}",
                   PL_INVALID_ARGUMENT, "request_id must be");
}

static void enums_are_read_from_words_full_names_and_numbers(void **state)
{
    static const char *const values[] = {"\"group\"", "\"CHAT_TYPE_GROUP\"", "2", "\"2\"", "2.0"};
    char text[64];

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        snprintf(text, sizeof(text), "{\"chat_type\":%s}", values[i]);
        const Parley__V1__CreateChatRequest *chat = (const void *)read_json(state, CHAT, text);
        assert_int_equal(chat->chat_type, PARLEY__V1__CHAT_TYPE__CHAT_TYPE_GROUP);
    }
}

static void an_enum_says_its_words_when_it_is_something_else(void **state)
{
    static const char *const values[] = {
        "\"king\"", "\"\"", "\"GROUP\"",  "\"groups\"", "\"grou\"", "\"chat_type_group\"",
        "true",     "[]",   "4294967298", "2.5"};
    char text[64];

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        snprintf(text, sizeof(text), "{\"chat_type\":%s}", values[i]);
        assert_refused(state, CHAT, text, PL_INVALID_ARGUMENT, "chat_type must be one of individual, group, self");
    }
}

static void bools_are_true_and_false_only(void **state)
{
    static const char *const values[] = {"\"true\"", "1", "\"\"", "[]"};
    const Parley__V1__ChatEvent *event = (const void *)read_json(state, EVENT, "{\"chat_deleted\":true}");
    char text[64];

    assert_true(event->chat_deleted);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        snprintf(text, sizeof(text), "{\"chat_deleted\":%s}", values[i]);
        assert_refused(state, EVENT, text, PL_INVALID_ARGUMENT, "chat_deleted must be true or false");
    }
}

static void bytes_are_read_from_both_alphabets_padded_or_not(void **state)
{
    static const char *const values[] = {"+//+AQ==", "+//+AQ", "-__-AQ==", "-__-AQ"};
    char text[64];

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        snprintf(text, sizeof(text), "{\"encrypted_content\":\"%s\"}", values[i]);
        const Parley__V1__SendMessageRequest *send = (const void *)read_json(state, SEND, text);
        assert_int_equal(send->body_case, PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_ENCRYPTED_CONTENT);
        assert_int_equal(send->encrypted_content.len, 4);
        assert_memory_equal(send->encrypted_content.data, "\xfb\xff\xfe\x01", 4);
    }
}

static void what_is_no_base64_is_refused(void **state)
{
    static const char *const values[] = {"A",       "AB=", "AQ===",     "AQ= =", "AR==",    "+/_+",
                                         "AQ\\n==", "=",   "A\xc3\xa9", "====",  "AQ==AQ=="};
    char text[64];

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        snprintf(text, sizeof(text), "{\"encrypted_content\":\"%s\"}", values[i]);
        assert_refused(state, SEND, text, PL_INVALID_ARGUMENT, "encrypted_content must be base64");
    }
    assert_refused(state, SEND, "{\"encrypted_content\":7}", PL_INVALID_ARGUMENT, "encrypted_content must be a string");
}

static void times_are_rfc_3339(void **state)
{
    const Parley__V1__ListMessagesRequest *page =
        (const void *)read_json(state, PAGE, "{\"since\":\"2026-01-02T03:04:05.25+01:00\"}");

    assert_int_equal(page->since->seconds, 1767319445);
    assert_int_equal(page->since->nanos, 250000000);
    assert_null(page->until);
    assert_refused(state, PAGE, "{\"since\":\"yesterday\"}", PL_INVALID_ARGUMENT,
                   "since must be a time of RFC 3339, such as 2026-01-02T03:04:05Z, of the years 0001 to 9999");
    assert_refused(state, PAGE, "{\"since\":1767319445}", PL_INVALID_ARGUMENT, "since must be a string");
}

static void strings_are_strings(void **state)
{
    const Parley__V1__ChatPlace *place =
        (const void *)read_json(state, PLACE, "{\"chat_id\":\"\\u00e9\\ud83d\\ude00\\n\"}");

    assert_string_equal(place->chat_id, "\xc3\xa9\xf0\x9f\x98\x80\n");
    assert_refused(state, PLACE, "{\"chat_id\":7}", PL_INVALID_ARGUMENT, "chat_id must be a string");
    assert_refused(state, PLACE, "{\"chat_id\":[\"c\"]}", PL_INVALID_ARGUMENT, "chat_id must be a string");
}

static void text_that_is_no_utf_8_or_has_a_nul_is_refused(void **state)
{
    assert_refused(state, PLACE, "{\"chat_id\":\"\xff\"}", PL_INVALID_TEXT, "the body is not valid UTF-8 (line 1");
    assert_refused(state, PLACE, "{\"chat_id\":\"\xed\xa0\x80\"}", PL_INVALID_TEXT, "the body is not valid UTF-8");
    assert_refused(state, PLACE, "{\"chat_id\":\"a\\u0000b\"}", PL_INVALID_TEXT, "the body has a string with \\u0000");
    assert_refused(state, SEND, "{\"metadata\":{\"a\\u0000b\":\"\"}}", PL_INVALID_TEXT, "the body has a string with");
    assert_refused(state, PLACE, "{\"chat_id\":\"\\ud800\"}", PL_MALFORMED_JSON, "the body is not valid JSON (line 1");
}

static void lists_and_maps_are_read_in_their_order(void **state)
{
    const Parley__V1__SendMessageRequest *send =
        (const void *)read_json(state, SEND, "{\"metadata\":{\"z\":\"1\",\"a\":\"2\",\"\":\"\"}}");
    const Parley__V1__ChatEvent *event = (const void *)read_json(state, EVENT, "{\"members_removed\":[\"z\",\"a\"]}");

    assert_int_equal(send->n_metadata, 3);
    assert_string_equal(send->metadata[0]->key, "z");
    assert_string_equal(send->metadata[1]->value, "2");
    assert_string_equal(send->metadata[2]->key, "");
    assert_int_equal(event->n_members_removed, 2);
    assert_string_equal(event->members_removed[1], "a");
}

static void what_is_no_list_or_map_is_refused(void **state)
{
    assert_refused(state, EVENT, "{\"members_removed\":\"z\"}", PL_INVALID_ARGUMENT, "members_removed must be a list");
    assert_refused(state, EVENT, "{\"members_removed\":{}}", PL_INVALID_ARGUMENT, "members_removed must be a list");
    assert_refused(state, EVENT, "{\"members_removed\":[null]}", PL_INVALID_ARGUMENT,
                   "members_removed[0] must be a string");
    assert_refused(state, EVENT, "{\"chat_left\":[]}", PL_INVALID_ARGUMENT, "chat_left must be an object");
    assert_refused(state, EVENT, "{\"chat_left\":\"c\"}", PL_INVALID_ARGUMENT, "chat_left must be an object");
    assert_refused(state, SEND, "{\"metadata\":[]}", PL_INVALID_ARGUMENT, "metadata must be an object");
    assert_refused(state, SEND, "{\"metadata\":{\"tag\":null}}", PL_INVALID_ARGUMENT, "metadata.tag must be a string");
}

static void a_string_may_stand_for_a_message_that_has_a_shorthand(void **state)
{
    const Parley__V1__CreateChatRequest *chat =
        (const void *)read_json(state, CHAT, "{\"participants\":[\"ann\",{\"userId\":\"bob\",\"role\":\"admin\"}]}");

    assert_int_equal(chat->n_participants, 2);
    assert_string_equal(chat->participants[0]->user_id, "ann");
    assert_int_equal(chat->participants[0]->role, PARLEY__V1__ROLE__ROLE_UNSPECIFIED);
    assert_string_equal(chat->participants[1]->user_id, "bob");
    assert_refused(state, CHAT, "{\"participants\":[7]}", PL_INVALID_ARGUMENT,
                   "participants[0] must be an object or a string");
}

static void a_problem_says_where_it_is(void **state)
{
    assert_refused(state, CHAT, "{\"participants\":[\"a\",\"b\",{\"role\":\"king\"}]}", PL_INVALID_ARGUMENT,
                   "participants[2].role must be one of owner, admin, member");
    assert_refused(state, &parley__v1__send_messages_request__descriptor,
                   "{\"messages\":[{},{\"device_parts\":{\"parts\":[{\"encryptedContent\":\"?\"}]}}]}",
                   PL_INVALID_ARGUMENT, "messages[1].device_parts.parts[0].encryptedContent must be base64");
}

static void an_unknown_field_is_refused_by_name_and_the_known_ones_are_told(void **state)
{
    assert_refused(state, CHAT, "{\"participants\":[{\"user\":\"x\"}]}", PL_UNKNOWN_FIELD,
                   "participants[0].user is not known here; known are: user_id, role");
    assert_refused(state, PLACE, "{\"chat_id\":\"c\",\"ChatId\":null}", PL_UNKNOWN_FIELD, "ChatId is not known here");
}

/* Keys may be anything, a phone number say. */
static void a_key_that_could_be_no_field_is_not_repeated(void **state)
{
    assert_refused(state, PLACE, "{\"+491234567\":1}", PL_UNKNOWN_FIELD,
                   "? is not known here; known are: chat_id, seq");
    assert_refused(state, PLACE, "{\"\":1}", PL_UNKNOWN_FIELD, "? is not known");
    assert_refused(state, PLACE, "{\"a b\":1}", PL_UNKNOWN_FIELD, "? is not known");
    assert_refused(state, PLACE, "{\"a12345678901234567890123456789012345678901234567890\":1}", PL_UNKNOWN_FIELD,
                   "? is");
}

static void a_field_twice_is_refused_whatever_its_names(void **state)
{
    assert_refused(state, PLACE, "{\"seq\":1,\"seq\":1}", PL_MALFORMED_JSON,
                   "the body has an object with the same name twice (line 1");
    assert_refused(state, PLACE, "{\"chat_id\":\"c\",\"chatId\":\"c\"}", PL_MALFORMED_JSON,
                   "chatId must not be there together with chat_id, which is the same field");
    assert_refused(state, SEND, "{\"metadata\":{\"a\":\"\",\"a\":\"\"}}", PL_MALFORMED_JSON, "the body has an object");
}

static void two_members_of_a_oneof_are_refused(void **state)
{
    assert_refused(state, SEND, "{\"content\":\"\",\"encrypted_content\":\"\"}", PL_INVALID_ARGUMENT,
                   "encrypted_content must not be set together with content");
}

static void what_is_no_json_object_is_refused(void **state)
{
    static const char *const rows[][2] = {
        {"[]", "the body must be a JSON object"},
        {"null", "the body must be a JSON object"},
        {"\"seq\"", "the body must be a JSON object"},
        {" ", "the body ends in the middle of its JSON (line 1, column 1)"},
        {"{\"seq\":1", "the body ends in the middle of its JSON (line 1, column 8)"},
        {"{\"seq\":1}\n{}", "the body goes on behind its JSON object (line 2, column 1)"},
        {"{\"seq\":1,}", "the body is not valid JSON (line 1, column 10)"},
        {"{seq:1}", "the body is not valid JSON (line 1, column 4)"},
        {"{'seq':1}", "the body is not valid JSON"},
        {"{\"seq\":01}", "the body is not valid JSON"},
        {"{\"seq\":NaN}", "the body is not valid JSON"},
        {"{\"seq\":1e999}", "the body has a number that is too large"},
        {"\xef\xbb\xbf{}", "the body is not valid JSON"},
        {"{\"chat_id\":\"\n\"}", "the body is not valid JSON"},
        {"{\"chat_id\":\"\\", "the body is not valid JSON"},
        {"chat_id=c", "the body is not valid JSON"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_refused(state, PLACE, rows[i][0], PL_MALFORMED_JSON, rows[i][1]);
}

/* {"a":[[…]]} or the like; the caller frees. */
static char *repeated(const char *head, const char *unit, size_t count, const char *tail)
{
    char *text = malloc(strlen(head) + strlen(unit) * count + strlen(tail) + 1);
    char *end = stpcpy(text, head);

    while (count-- > 0)
        end = stpcpy(end, unit);
    strcpy(end, tail);
    return text;
}

static void a_text_that_is_too_deep_or_too_large_is_refused_before_it_is_parsed(void **state)
{
    char *deep = repeated("{\"a\":", "[", PL_JSON_DEPTH_MAX - 1, "");
    char *deeper = repeated("{\"a\":", "[", 1 << 20, "");
    char *many = repeated("{\"messages\":[{}", ",{}", PL_JSON_VALUES_MAX, "]}");
    char *opened = repeated("{\"messages\":[[7]", ",[7]", PL_JSON_VALUES_MAX / 2, "]}");
    char *enough = repeated("{\"content\":\"", ",[", PL_JSON_VALUES_MAX, "\"}");

    assert_refused(state, PLACE, deep, PL_MALFORMED_JSON, "the body ends in the middle of its JSON");
    assert_refused(state, PLACE, deeper, PL_MALFORMED_JSON, "the body has more than 32 levels of objects and lists");
    assert_refused(state, PLACE, many, PL_MALFORMED_JSON, "the body has more than 16384 values");
    assert_refused(state, PLACE, opened, PL_MALFORMED_JSON, "the body has more than 16384 values");
    read_json(state, SEND, enough);
    free(deep);
    free(deeper);
    free(many);
    free(enough);
    free(opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_and_an_empty_object_are_an_empty_message),
        cmocka_unit_test(names_are_read_in_snake_case_and_in_lower_camel_case),
        cmocka_unit_test(null_is_as_if_it_were_not_there),
        cmocka_unit_test(integers_are_read_from_numbers_and_strings),
        cmocka_unit_test(integers_that_do_not_fit_are_refused),
        cmocka_unit_test(enums_are_read_from_words_full_names_and_numbers),
        cmocka_unit_test(an_enum_says_its_words_when_it_is_something_else),
        cmocka_unit_test(bools_are_true_and_false_only),
        cmocka_unit_test(bytes_are_read_from_both_alphabets_padded_or_not),
        cmocka_unit_test(what_is_no_base64_is_refused),
        cmocka_unit_test(times_are_rfc_3339),
        cmocka_unit_test(strings_are_strings),
        cmocka_unit_test(text_that_is_no_utf_8_or_has_a_nul_is_refused),
        cmocka_unit_test(lists_and_maps_are_read_in_their_order),
        cmocka_unit_test(what_is_no_list_or_map_is_refused),
        cmocka_unit_test(a_string_may_stand_for_a_message_that_has_a_shorthand),
        cmocka_unit_test(a_problem_says_where_it_is),
        cmocka_unit_test(an_unknown_field_is_refused_by_name_and_the_known_ones_are_told),
        cmocka_unit_test(a_key_that_could_be_no_field_is_not_repeated),
        cmocka_unit_test(a_field_twice_is_refused_whatever_its_names),
        cmocka_unit_test(two_members_of_a_oneof_are_refused),
        cmocka_unit_test(what_is_no_json_object_is_refused),
        cmocka_unit_test(a_text_that_is_too_deep_or_too_large_is_refused_before_it_is_parsed),
    };

    return cmocka_run_group_tests(tests, json_case_init, json_case_fini);
}
