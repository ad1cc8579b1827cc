/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Which bodies may leave. */
#include "sdk/c/src/request_body.h"

#include "support/cmocka.h"

#define DEVICE "01900000-0000-7000-8000-0000000000d1"

static const char bytes[PARLEY_DEVICE_PARTS_BYTES_MAX + 1];

static parley_status check(struct pl_request_body body)
{
    parley_error error = {.status = PARLEY_OK};
    parley_status status = pl_request_body_check(&body, &error);
    assert_int_equal(error.status, status);
    assert_int_equal(error.sentence[0] == '\0', status == PARLEY_OK);
    return status;
}

static void a_body_is_one_of_three(void **state)
{
    const parley_device_part part = {DEVICE, bytes, 1};
    (void)state;
    assert_int_equal(check((struct pl_request_body){.text = "x"}), PARLEY_OK);
    assert_int_equal(check((struct pl_request_body){.encrypted_content = bytes, .encrypted_content_bytes = 1}),
                     PARLEY_OK);
    assert_int_equal(check((struct pl_request_body){.device_parts = &part, .device_part_count = 1}), PARLEY_OK);
    assert_int_equal(check((struct pl_request_body){.text = NULL}), PARLEY_INVALID_CONTENT);
    assert_int_equal(check((struct pl_request_body){.text = "x", .encrypted_content = bytes}), PARLEY_INVALID_CONTENT);
    assert_int_equal(check((struct pl_request_body){.text = "x", .device_parts = &part, .device_part_count = 1}),
                     PARLEY_INVALID_CONTENT);
}

static void a_text_has_its_limits(void **state)
{
    static char text[PARLEY_CONTENT_BYTES_MAX + 2];
    (void)state;
    memset(text, 'x', PARLEY_CONTENT_BYTES_MAX);
    assert_int_equal(check((struct pl_request_body){.text = text}), PARLEY_OK);
    text[PARLEY_CONTENT_BYTES_MAX] = 'x';
    assert_int_equal(check((struct pl_request_body){.text = text}), PARLEY_INVALID_CONTENT);
    assert_int_equal(check((struct pl_request_body){.text = ""}), PARLEY_INVALID_CONTENT);
    assert_int_equal(check((struct pl_request_body){.text = "\xff"}), PARLEY_INVALID_TEXT);
}

static void parts_have_their_limits(void **state)
{
    parley_device_part parts[PARLEY_DEVICE_PARTS_MAX + 1];
    struct pl_request_body body = {.device_parts = parts, .device_part_count = PARLEY_DEVICE_PARTS_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        parts[i] = (parley_device_part){DEVICE, bytes, PARLEY_DEVICE_PARTS_BYTES_MAX / PARLEY_DEVICE_PARTS_MAX};
    assert_int_equal(check(body), PARLEY_OK);
    parts[0].encrypted_content_bytes++;
    assert_int_equal(check(body), PARLEY_INVALID_CONTENT);
    parts[0].encrypted_content_bytes = SIZE_MAX;
    assert_int_equal(check(body), PARLEY_INVALID_CONTENT);
    parts[0].encrypted_content_bytes = 0;
    assert_int_equal(check(body), PARLEY_INVALID_CONTENT);
    parts[0] = (parley_device_part){DEVICE, NULL, 1};
    assert_int_equal(check(body), PARLEY_INVALID_CONTENT);
    parts[0] = (parley_device_part){NULL, bytes, 1};
    assert_int_equal(check(body), PARLEY_INVALID_ID);
    parts[0].device_id = DEVICE;
    assert_int_equal(check(body), PARLEY_OK);
    body.device_part_count++;
    assert_int_equal(check(body), PARLEY_INVALID_CONTENT);
    body.device_part_count = 0;
    assert_int_equal(check(body), PARLEY_INVALID_CONTENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_one_of_three),
        cmocka_unit_test(a_text_has_its_limits),
        cmocka_unit_test(parts_have_their_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
