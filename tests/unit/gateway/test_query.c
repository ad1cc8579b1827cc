/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Queries: which fields of a request they set, and how a bad one is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/query.h"
#include "parley/v1/chat_service.pb-c.h"
#include "parley/v1/message_service.pb-c.h"

static struct pl_arena arena;
static struct pl_json_problem problem;

static int open_arena(void **state)
{
    (void)state;
    pl_arena_init(&arena, 1 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    pl_arena_fini(&arena);
    return 0;
}

static ProtobufCMessage *new_message(const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = NULL;
    assert_int_equal(pl_json_read("", 0, descriptor, &arena, &message, &problem), PL_OK);
    return message;
}

static const Parley__V1__ListMessagesRequest *read(const char *query)
{
    ProtobufCMessage *message = new_message(&parley__v1__list_messages_request__descriptor);
    assert_int_equal(pl_query_read(query, message, &arena, &problem), PL_OK);
    return (const Parley__V1__ListMessagesRequest *)message;
}

static void assert_refused(const char *query, enum pl_status status, const char *path)
{
    ProtobufCMessage *message = new_message(&parley__v1__list_messages_request__descriptor);
    assert_string_equal(pl_status_reason(pl_query_read(query, message, &arena, &problem)), pl_status_reason(status));
    assert_int_equal(problem.status, status);
    assert_string_equal(problem.path, path);
    assert_string_not_equal(problem.sentence, "");
}

static void parameters_set_fields(void **state)
{
    const Parley__V1__ListMessagesRequest *request = read("chat_id=c1&page_size=20&&page_token=a%2Bb+c&");
    (void)state;
    assert_string_equal(request->chat_id, "c1");
    assert_int_equal(request->page_size, 20);
    assert_string_equal(request->page_token, "a+b c");
}

static void an_empty_query_sets_nothing(void **state)
{
    const Parley__V1__ListMessagesRequest *request = read("");
    (void)state;
    assert_string_equal(request->chat_id, "");
    assert_int_equal(request->page_size, 0);
}

static void limit_is_another_name_of_page_size(void **state)
{
    (void)state;
    assert_int_equal(read("limit=7")->page_size, 7);
    assert_refused("limit=7&page_size=8", PL_INVALID_ARGUMENT, "page_size");
    assert_refused("page_size=8&limit=7", PL_INVALID_ARGUMENT, "limit");
    assert_refused("limit=x", PL_INVALID_ARGUMENT, "limit");
}

static void names_may_be_escaped_too(void **state)
{
    (void)state;
    assert_string_equal(read("chat%5fid=c%31")->chat_id, "c1");
}

static void unknown_names_are_refused_by_name(void **state)
{
    (void)state;
    assert_refused("chatid=c1", PL_UNKNOWN_FIELD, "chatid");
    assert_refused("=c1", PL_UNKNOWN_FIELD, "?");
    ProtobufCMessage *message = new_message(&parley__v1__get_chat_request__descriptor);
    assert_int_equal(pl_query_read("limit=1", message, &arena, &problem), PL_UNKNOWN_FIELD);
}

static void bad_values_are_refused(void **state)
{
    (void)state;
    assert_refused("page_size=many", PL_INVALID_ARGUMENT, "page_size");
    assert_refused("page_size", PL_INVALID_ARGUMENT, "page_size");
    assert_refused("chat_id=a&chat_id=b", PL_INVALID_ARGUMENT, "chat_id");
    assert_refused("chat_id=%", PL_MALFORMED_REQUEST, "");
    assert_refused("chat_id=%00", PL_MALFORMED_REQUEST, "");
    assert_refused("%zz=1", PL_MALFORMED_REQUEST, "");
    assert_refused("chat_id=%ff", PL_INVALID_TEXT, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_set_fields),
        cmocka_unit_test(an_empty_query_sets_nothing),
        cmocka_unit_test(limit_is_another_name_of_page_size),
        cmocka_unit_test(names_may_be_escaped_too),
        cmocka_unit_test(unknown_names_are_refused_by_name),
        cmocka_unit_test(bad_values_are_refused),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
