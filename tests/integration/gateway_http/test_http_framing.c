/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What gateway/http refuses, byte for byte: requests that two parsers could read in two ways, and what is too much. */
#include <stdlib.h>
#include <string.h>

#include "http_server.h"
#include "support/cmocka.h"
#include "wire.h"

static int setup(void **state)
{
    *state = http_server_open((struct pl_http_options){0});
    return 0;
}

static int teardown(void **state)
{
    http_server_close(*state);
    return 0;
}

struct bad {
    const char *text;
    const char *answer; /* how the body begins */
};

static const struct bad malformed[] = {
    {"GET /now HTTP/1.1\nHost: x\r\n\r\n", "does not end in HTTP/1.1 and CR LF"},
    {"GET /now HTTP/1.1\r\nHost: x\n\r\n", "does not end in CR LF"},
    {"GET /now HTTP/1.1\r\nHost: x\r\n\n", "does not end in CR LF"},
    {"GET /now HTTP/1.1\r\nHost: x\rA: b\r\n\r\n", "carriage return"},
    {"GET /now HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", "folded"},
    {"GET /now HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n", "folded"},
    {"GET /now HTTP/1.1\r\n Host: x\r\n\r\n", "folded"},
    {"GET /now HTTP/1.1\r\nHost : x\r\n\r\n", "colon"},
    {"GET /now HTTP/1.1\r\nHost\r\n\r\n", "colon"},
    {"GET /now HTTP/1.1\r\n: x\r\n\r\n", "name"},
    {"GET /now HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n", "control character"},
    {"GET /now HTTP/1.1\r\n\r\n", "Host is missing"},
    {"GET /now HTTP/1.1\r\nHost: x\r\nhOST: y\r\n\r\n", "more than one header Host"},
    {"GET /now HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", "both"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", "both"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "more than one"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc", "not a number"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", "not a number"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3 \r\n\r\nabc", "not a number"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc", "not a number"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nabc", "not a number"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\nabc", "empty"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1234567890123456789012\r\n\r\n", "not a number"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "Transfer-Encoding"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "once"},
    {"POST /echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.0"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", "chunk"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", "chunk"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n", "chunk"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", "chunk"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n000000003\r\nabc\r\n0\r\n\r\n", "chunk"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", "longer"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nb\r\nabc\r\n0\r\n\r\n", "extension"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\r\n\r\n", "trailer"},
    {"GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", "%00"},
    {"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1"},
    {"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", "percent-encoded"},
    {"GET host:80 HTTP/1.1\r\nHost: x\r\n\r\n", "not a path"},
    {"GET  /now HTTP/1.1\r\nHost: x\r\n\r\n", "percent-encoded"},
    {"GET /now HTTP/2.0\r\nHost: x\r\n\r\n", "HTTP/1.1"},
    {"GET /now HTTP/1.10\r\nHost: x\r\n\r\n", "HTTP/1.1"},
    {"GET /now\r\nHost: x\r\n\r\n", "percent-encoded"},
    {"G\"T /now HTTP/1.1\r\nHost: x\r\n\r\n", "verb"},
    {" GET /now HTTP/1.1\r\nHost: x\r\n\r\n", "verb"},
    {"\n\nGET /now HTTP/1.1\r\nHost: x\r\n\r\n", "verb"},
    {"\x16\x03\x01\x02", "verb"},
};

static void assert_refused(const struct wire_answer *answer, unsigned status, const char *reason, const char *words)
{
    if (answer->status != status || strstr(answer->body, reason) != answer->body || strstr(answer->body, words) == NULL)
        fail_msg("expected %u %s ... %s, got %u %s", status, reason, words, answer->status,
                 answer->status == 0 ? "" : answer->body);
    assert_string_equal(wire_header(answer, "Content-Type"), "application/problem+json");
    assert_string_equal(wire_header(answer, "Connection"), "close");
}

static void malformed_request_is_refused_and_closed(void **state)
{
    for (unsigned i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        struct wire_answer answer = wire_ask_and_close(http_server_port(*state), malformed[i].text);
        assert_refused(&answer, 400, "MALFORMED_REQUEST", malformed[i].answer);
    }
    assert_int_equal(http_server_handled(*state), 0);
}

/* The fault is then found after libmicrohttpd has had a part of the request. */
static void malformed_request_in_pieces_is_refused_too(void **state)
{
    for (unsigned i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        int fd = wire_connect(http_server_port(*state));
        for (const char *byte = malformed[i].text; *byte != '\0'; byte++)
            wire_send_bytes(fd, byte, 1);
        struct wire_answer answer = wire_read(fd, false);
        assert_refused(&answer, 400, "MALFORMED_REQUEST", malformed[i].answer);
        wire_expect_close(fd);
        wire_close(fd);
    }
    assert_int_equal(http_server_handled(*state), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(malformed_request_is_refused_and_closed, setup, teardown),
    cmocka_unit_test_setup_teardown(malformed_request_in_pieces_is_refused_too, setup, teardown),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
