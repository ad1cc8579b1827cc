/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* By the code alone a client knows whether to come back. */
#include <string.h>

#include "base/utf8.h"
#include "gateway/websocket/close.h"
#include "support/cmocka.h"

static struct pl_failure failure_of(enum pl_status status, const char *sentence)
{
    return (struct pl_failure){.status = (parley_status)status,
                               .reason = pl_status_reason(status),
                               .domain = "parley",
                               .sentence = sentence != NULL ? sentence : pl_status_sentence(status)};
}

static void codes_are_those_of_the_documents(void **state)
{
    static const struct {
        enum pl_status status;
        unsigned code;
    } cases[] = {
        {PL_DRAINING, 1012},
        {PL_OVERLOADED, 1013},
        {PL_RATE_LIMITED, 1013},
        {PL_UNAVAILABLE, 1013},
        {PL_DATABASE_UNAVAILABLE, 1013},
        {PL_DEADLINE_EXCEEDED, 1013},
        {PL_CANCELLED, 1013},
        {PL_INTERNAL, 1011},
        {PL_MESSAGE_TOO_LARGE, 1009},
        {PL_INVALID_ARGUMENT, 4400},
        {PL_MALFORMED_MESSAGE, 4400},
        {PL_MALFORMED_JSON, 4400},
        {PL_CREDENTIALS_MISSING, 4401},
        {PL_TOKEN_EXPIRED, 4401},
        {PL_DEVICE_REVOKED, 4401},
        {PL_USER_DEACTIVATED, 4403},
        {PL_PERMISSION_DENIED, 4403},
        {PL_SESSION_REPLACED, 4409},
        {PL_METHOD_UNKNOWN, 4404},
    };
    (void)state;

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pl_failure failure = failure_of(cases[i].status, NULL);
        struct pl_ws_close close = pl_ws_close_of_failure(&failure, true);
        assert_int_equal(close.code, cases[i].code);
        assert_string_equal(close.reason, pl_status_reason(cases[i].status));
        assert_int_equal(pl_ws_close_of(cases[i].status, NULL).code, cases[i].code);
    }
}

static void end_without_a_failure_is_normal(void **state)
{
    struct pl_ws_close close = pl_ws_close_of_failure(NULL, true);
    (void)state;

    assert_int_equal(close.code, 1000);
    assert_string_equal(close.reason, "");
}

static void broken_connection_says_come_back_and_none_says_later(void **state)
{
    struct pl_failure failure = {.status = PARLEY_UNREACHABLE, .reason = "UNREACHABLE", .domain = "", .sentence = "x"};
    (void)state;

    assert_int_equal(pl_ws_close_of_failure(&failure, true).code, 1012);
    assert_int_equal(pl_ws_close_of_failure(&failure, false).code, 1013);
    assert_string_equal(pl_ws_close_of_failure(&failure, true).reason, "UNAVAILABLE");
}

static void what_grpc_itself_says_is_kept_back(void **state)
{
    struct pl_failure failure = {
        .status = PARLEY_INTERNAL, .reason = "INTERNAL", .domain = "", .sentence = "stream 7 of 10.0.0.1 was reset"};
    (void)state;

    assert_string_equal(pl_ws_close_of_failure(&failure, true).reason, "INTERNAL");
}

static void newer_reason_of_parleyd_is_passed_on(void **state)
{
    struct pl_failure failure = failure_of(PL_PERMISSION_DENIED, "the moon is full");
    (void)state;

    failure.reason = "MOON_FULL";
    assert_string_equal(pl_ws_close_of_failure(&failure, true).reason, "MOON_FULL: the moon is full");
}

static void long_sentence_is_cut_between_characters(void **state)
{
    char sentence[512];
    (void)state;

    for (unsigned shift = 0; shift < 4; shift++) {
        memset(sentence, 'x', shift);
        sentence[shift] = '\0';
        for (unsigned i = 0; i < 60; i++)
            strcat(sentence, i % 2 == 0 ? "\xf0\x9d\x84\x9e" : "\xe2\x82\xac");
        struct pl_ws_close close = pl_ws_close_of(PL_UNKNOWN_FIELD, sentence);
        assert_in_range(strlen(close.reason), PL_WS_REASON_BYTES_MAX - 3, PL_WS_REASON_BYTES_MAX);
        assert_true(pl_utf8_valid(close.reason, strlen(close.reason)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_the_documents),
        cmocka_unit_test(end_without_a_failure_is_normal),
        cmocka_unit_test(broken_connection_says_come_back_and_none_says_later),
        cmocka_unit_test(what_grpc_itself_says_is_kept_back),
        cmocka_unit_test(newer_reason_of_parleyd_is_passed_on),
        cmocka_unit_test(long_sentence_is_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
