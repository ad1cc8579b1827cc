/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The framing without sockets: where a request ends, and how one that has begun badly is brought to an end. */
#include "gateway/http/framing.h"

#include <string.h>

#include "support/cmocka.h"

static const uint8_t *bytes_of(const char *text)
{
    return (const uint8_t *)text;
}

static void request_ends_where_its_length_says(void **state)
{
    static const char text[] = "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbodyGET";
    struct pl_framing framing;
    (void)state;

    pl_framing_init(&framing, 100);
    assert_int_equal(pl_framing_phase(&framing), PL_FRAMING_IDLE);
    assert_int_equal(pl_framing_put(&framing, bytes_of(text), 3), 3);
    assert_int_equal(pl_framing_phase(&framing), PL_FRAMING_HEAD);
    assert_int_equal(pl_framing_put(&framing, bytes_of(text) + 3, 46), 46);
    assert_int_equal(pl_framing_phase(&framing), PL_FRAMING_BODY);
    assert_int_equal(pl_framing_put(&framing, bytes_of(text) + 49, 5), 2);
    assert_int_equal(pl_framing_phase(&framing), PL_FRAMING_DONE);
    assert_true(framing.excess);
    assert_int_equal(framing.status, PL_OK);
}

/* What a parser behind is given after text: as a string. */
static void assert_completed(const char *text, const char *completed)
{
    struct pl_framing framing;
    char delivered[512] = "";

    pl_framing_init(&framing, 100);
    size_t bytes = pl_framing_put(&framing, bytes_of(text), strlen(text));
    memcpy(delivered, text, bytes);
    pl_framing_fail(&framing, PL_REQUEST_TIMEOUT, "late");
    bytes += pl_framing_fill(&framing, (uint8_t *)delivered + bytes, 1);
    while (pl_framing_phase(&framing) != PL_FRAMING_DONE)
        bytes += pl_framing_fill(&framing, (uint8_t *)delivered + bytes, sizeof(delivered) - 1 - bytes);
    assert_string_equal(delivered, completed);
}

static void any_beginning_is_completed(void **state)
{
    (void)state;
    assert_completed("", "X / HTTP/1.1\r\n\r\n");
    assert_completed("\x01", "X / HTTP/1.1\r\n\r\n");
    assert_completed("\r", "\r\nX / HTTP/1.1\r\n\r\n");
    assert_completed("GE", "GE / HTTP/1.1\r\n\r\n");
    assert_completed("GET ", "GET / HTTP/1.1\r\n\r\n");
    assert_completed("GET /a\n", "GET /a HTTP/1.1\r\n\r\n");
    assert_completed("GET /a HT", "GET /a HTTP/1.1\r\n\r\n");
    assert_completed("GET /a HTTP/1.0\n", "GET /a HTTP/1.0\r\n\r\n");
    assert_completed("GET /a HTTP/1.1\r\n", "GET /a HTTP/1.1\r\n\r\n");
    assert_completed("GET /a HTTP/1.1\r\nHo", "GET /a HTTP/1.1\r\nHo:0\r\n\r\n");
    assert_completed("GET /a HTTP/1.1\r\nHost: ", "GET /a HTTP/1.1\r\nHost: 0\r\n\r\n");
    assert_completed("GET /a HTTP/1.1\r\nHost: a\n", "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_completed("P / HTTP/1.1\r\nContent-Length: x", "P / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    assert_completed("P / HTTP/1.1\r\nContent-Length: 1x", "P / HTTP/1.1\r\nContent-Length: 1\r\n\r\n");
    assert_completed("P / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n", "P / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n");
    assert_completed("P / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na",
                     "P / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n");
    assert_completed("P / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0;a",
                     "P / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0;a\r\n\r\n");
}

static void missing_body_is_made_of_zeros(void **state)
{
    static const char text[] = "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n12";
    struct pl_framing framing;
    uint8_t filled[64];
    (void)state;

    pl_framing_init(&framing, 100);
    assert_int_equal(pl_framing_put(&framing, bytes_of(text), sizeof(text) - 1), sizeof(text) - 1);
    pl_framing_fail(&framing, PL_REQUEST_TIMEOUT, "late");
    assert_int_equal(pl_framing_fill(&framing, filled, 30), 30);
    assert_int_equal(pl_framing_fill(&framing, filled, 30), 8);
    assert_int_equal(pl_framing_fill(&framing, filled, 30), 0);
}

static void first_fault_is_the_one_that_counts(void **state)
{
    struct pl_framing framing;
    (void)state;

    pl_framing_init(&framing, 100);
    pl_framing_fail(&framing, PL_REQUEST_TIMEOUT, "first");
    pl_framing_fail(&framing, PL_MALFORMED_REQUEST, "second");
    assert_int_equal(framing.status, PL_REQUEST_TIMEOUT);
    assert_string_equal(framing.sentence, "first");
}

/* A value is passed over once it is long, up to the first byte that it must not have, or the end of the head's room. */
static void long_value_is_read_to_its_end(void **state)
{
    static const char start[] = "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: ";
    char text[PL_FRAMING_HEAD_BYTES_MAX + 100];
    struct pl_framing framing;
    size_t value_bytes = 500;
    size_t bytes = sizeof(start) - 1 + value_bytes;
    (void)state;

    memset(text, 'a', sizeof(text));
    memcpy(text, start, sizeof(start) - 1);
    memcpy(text + bytes, "\r\n\r\nGET", 7);
    pl_framing_init(&framing, 100);
    assert_int_equal(pl_framing_put(&framing, bytes_of(text), bytes + 7), bytes + 4);
    assert_int_equal(framing.status, PL_OK);
    for (size_t bad = bytes - value_bytes; bad < bytes; bad += 7) {
        text[bad] = '\x7f';
        pl_framing_init(&framing, 100);
        assert_int_equal(pl_framing_put(&framing, bytes_of(text), bytes + 4), bad);
        assert_int_equal(framing.status, PL_MALFORMED_REQUEST);
        text[bad] = 'a';
    }
    text[bytes] = text[bytes + 1] = text[bytes + 2] = text[bytes + 3] = 'a';
    pl_framing_init(&framing, 100);
    assert_int_equal(pl_framing_put(&framing, bytes_of(text), sizeof(text)), PL_FRAMING_HEAD_BYTES_MAX);
    assert_int_equal(framing.status, PL_HEADERS_TOO_LARGE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(long_value_is_read_to_its_end),      cmocka_unit_test(request_ends_where_its_length_says),
    cmocka_unit_test(any_beginning_is_completed),         cmocka_unit_test(missing_body_is_made_of_zeros),
    cmocka_unit_test(first_fault_is_the_one_that_counts),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
