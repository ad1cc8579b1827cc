/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How a failure becomes a parley_error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <string.h>

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "sdk/c/src/error.h"

static size_t pack_details(const char *reason, int retry_ms, uint8_t *ret_data)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    Google__Rpc__RetryInfo retry = GOOGLE__RPC__RETRY_INFO__INIT;
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
    Google__Protobuf__Any anys[2] = {GOOGLE__PROTOBUF__ANY__INIT, GOOGLE__PROTOBUF__ANY__INIT};
    Google__Protobuf__Any *details[] = {&anys[0], &anys[1]};
    Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
    uint8_t packed[2][256];
    info.reason = (char *)(uintptr_t)reason;
    delay.seconds = retry_ms / 1000;
    delay.nanos = retry_ms % 1000 * 1000000;
    retry.retry_delay = &delay;
    anys[0].type_url = "type.googleapis.com/google.rpc.ErrorInfo";
    anys[0].value.len = google__rpc__error_info__pack(&info, packed[0]);
    anys[0].value.data = packed[0];
    anys[1].type_url = "type.googleapis.com/google.rpc.RetryInfo";
    anys[1].value.len = google__rpc__retry_info__pack(&retry, packed[1]);
    anys[1].value.data = packed[1];
    status.n_details = 2;
    status.details = details;
    return google__rpc__status__pack(&status, ret_data);
}

static parley_error error_of(int grpc_code, const char *reason, int retry_ms)
{
    uint8_t data[1024];
    struct pl_error_source source = {.grpc_code = grpc_code, .sentence = "a sentence"};
    parley_error error;
    if (reason != NULL) {
        source.details = data;
        source.details_bytes = pack_details(reason, retry_ms, data);
    }
    pl_error_from_grpc(&error, &source);
    return error;
}

static void the_reason_decides(void **state)
{
    parley_error error = error_of(7, "NOT_A_MEMBER", 0);
    (void)state;
    assert_int_equal(error.status, PARLEY_NOT_A_MEMBER);
    assert_string_equal(error.reason, "NOT_A_MEMBER");
    assert_string_equal(error.sentence, "a sentence");
    assert_true(pl_error_is_final(&error));
    assert_false(pl_error_is_passing(&error));
}

static void an_unknown_reason_falls_back_to_the_code(void **state)
{
    parley_error error = error_of(5, "NEWER_THAN_THIS", 0);
    (void)state;
    assert_int_equal(error.status, PARLEY_NOT_FOUND);
    assert_string_equal(error.reason, "NEWER_THAN_THIS");
}

static void a_retry_hint_makes_it_passing(void **state)
{
    parley_error error = error_of(8, "OVERLOADED", 1250);
    (void)state;
    assert_int_equal(error.status, PARLEY_OVERLOADED);
    assert_int_equal(error.retry_after_ms, 1250);
    assert_true(pl_error_is_passing(&error));
    assert_false(pl_error_is_final(&error));
}

static void a_long_retry_hint_is_kept(void **state)
{
    parley_error error = error_of(8, "RATE_LIMITED", 65536000);
    (void)state;
    assert_int_equal(error.retry_after_ms, 65536000);
    error = error_of(8, "RATE_LIMITED", INT_MAX);
    assert_int_equal(error.retry_after_ms, 1000000000);
}

static void without_details_unavailable_is_unreachable(void **state)
{
    parley_error error = error_of(14, NULL, 0);
    (void)state;
    assert_int_equal(error.status, PARLEY_UNREACHABLE);
    assert_true(pl_error_is_passing(&error));
    error = error_of(14, "DRAINING", 0);
    assert_int_equal(error.status, PARLEY_DRAINING);
}

static void garbage_in_details_is_ignored(void **state)
{
    const struct pl_error_source source = {
        .grpc_code = 16, .sentence = "", .details = "\xff\xff\xff", .details_bytes = 3};
    parley_error error;
    (void)state;
    pl_error_from_grpc(&error, &source);
    assert_int_equal(pl_error_is_final(&error), true);
    assert_true(strlen(error.sentence) > 0);
}

static void replacement_is_final_though_aborted_is_not(void **state)
{
    parley_error error = error_of(10, "SESSION_REPLACED", 0);
    (void)state;
    assert_true(pl_error_is_final(&error));
    error = error_of(10, NULL, 0);
    assert_false(pl_error_is_final(&error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reason_decides),
        cmocka_unit_test(an_unknown_reason_falls_back_to_the_code),
        cmocka_unit_test(a_retry_hint_makes_it_passing),
        cmocka_unit_test(a_long_retry_hint_is_kept),
        cmocka_unit_test(without_details_unavailable_is_unreachable),
        cmocka_unit_test(garbage_in_details_is_ignored),
        cmocka_unit_test(replacement_is_final_though_aborted_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
