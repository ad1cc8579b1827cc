/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What is shown of entries, and that text of others cannot steer the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/c/cli/terminal.h"

#define REPLACED "\xEF\xBF\xBD"

static void expect_text(const char *text, const char *shown)
{
    char *written = NULL;
    size_t bytes = 0;
    FILE *file = open_memstream(&written, &bytes);
    pl_terminal_put_text(file, text);
    fclose(file);
    assert_string_equal(written, shown);
    free(written);
}

static void expect_body(parley_entry_kind kind, parley_message_status status, const char *shown)
{
    const parley_message message = {.kind = kind, .status = status, .body = PARLEY_BODY_NONE};
    char *written = NULL;
    size_t bytes = 0;
    FILE *file = open_memstream(&written, &bytes);
    pl_terminal_put_body(file, &message);
    fclose(file);
    assert_string_equal(written, shown);
    free(written);
}

static void what_has_no_body_is_said_to_be_what_it_is(void **state)
{
    (void)state;
    expect_body(PARLEY_ENTRY_MESSAGE, PARLEY_MESSAGE_STATUS_SENT, "[sent from this device]");
    expect_body(PARLEY_ENTRY_MESSAGE, PARLEY_MESSAGE_STATUS_EXPIRED, "[expired]");
    expect_body(PARLEY_ENTRY_MEMBERS, PARLEY_MESSAGE_STATUS_UNSPECIFIED, "[changed who is in the chat]");
    expect_body(PARLEY_ENTRY_SETTINGS, PARLEY_MESSAGE_STATUS_UNSPECIFIED, "[changed the chat]");
    expect_body(PARLEY_ENTRY_DELETE, PARLEY_MESSAGE_STATUS_UNSPECIFIED, "[deleted a message]");
    expect_body(PARLEY_ENTRY_REACTION, PARLEY_MESSAGE_STATUS_UNSPECIFIED, "[took a reaction back]");
    expect_body(PARLEY_ENTRY_ACCOUNT, PARLEY_MESSAGE_STATUS_UNSPECIFIED, "[something happened to your account]");
}

static void plain_text_is_unchanged(void **state)
{
    (void)state;
    expect_text("hello, wörld ✓ 👋", "hello, wörld ✓ 👋");
}

static void control_characters_are_replaced(void **state)
{
    (void)state;
    expect_text("a\x1b[31mb", "a" REPLACED "[31mb");
    expect_text("a\rb\x07\x7f", "a" REPLACED "b" REPLACED REPLACED);
    expect_text("\xc2\x9b"
                "31m",
                REPLACED "31m"); /* the one-character CSI */
}

static void bidirectional_controls_are_replaced(void **state)
{
    (void)state;
    expect_text("a\u202eb\u2066c\u200fd", "a" REPLACED "b" REPLACED "c" REPLACED "d");
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
    (void)state;
    expect_text("\xff", REPLACED);
    expect_text("\xc0\x9b", REPLACED REPLACED);              /* overlong */
    expect_text("\xe2\x80", REPLACED REPLACED);              /* cut off */
    expect_text("\xed\xa0\x80", REPLACED REPLACED REPLACED); /* a surrogate */
}

static void a_line_break_cannot_fake_a_line(void **state)
{
    (void)state;
    expect_text("a\nb\tc", "a\n    b c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_no_body_is_said_to_be_what_it_is),
        cmocka_unit_test(plain_text_is_unchanged),
        cmocka_unit_test(control_characters_are_replaced),
        cmocka_unit_test(bidirectional_controls_are_replaced),
        cmocka_unit_test(bytes_that_are_no_text_are_replaced),
        cmocka_unit_test(a_line_break_cannot_fake_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
