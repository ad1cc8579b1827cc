/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What gateway/http refuses, byte for byte: requests that two parsers could read in two ways, and what is too much. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked \r\n\r\n0\r\n\r\n", "Transfer-Encoding"},
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

static void many_segments_of_a_request_are_one_request(void **state)
{
    static const char text[] = "\r\nPOST /echo HTTP/1.1\r\nHost:x\r\nTRANSFER-encoding:  Chunked\r\nA:\r\n\r\n"
                               "3\r\nabc\r\n0a;b=c\r\n0123456789\r\n000\r\nTrailer: t\r\n\r\n";
    int fd = wire_connect(http_server_port(*state));

    for (unsigned i = 0; i < 2; i++) {
        for (const char *byte = text; *byte != '\0'; byte++)
            wire_send_bytes(fd, byte, 1);
        struct wire_answer answer = wire_read(fd, false);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.body, "abc0123456789");
        assert_null(wire_header(&answer, "Connection"));
    }
    wire_close(fd);
}

static void what_follows_a_request_too_early_is_dropped_and_the_connection_closed(void **state)
{
    static const char *const texts[] = {
        "GET /now HTTP/1.1\r\nHost: x\r\n\r\nGET /later HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /now HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /later HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /now HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /later HTTP/1.1\r\n\r\n",
        "GET /now HTTP/1.1\r\nHost: x\r\n\r\n\n",
    };

    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct wire_answer answer = wire_ask_and_close(http_server_port(*state), texts[i]);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.body, "now");
        assert_string_equal(wire_header(&answer, "Connection"), "close");
    }
    assert_int_equal(http_server_handled(*state), sizeof(texts) / sizeof(texts[0]));
}

static void announced_body_without_a_length_is_refused(void **state)
{
    static const char *const verbs[] = {"POST", "PUT", "PATCH"};
    char text[128];

    for (unsigned i = 0; i < 3; i++) {
        snprintf(text, sizeof(text), "%s /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n\r\n", verbs[i]);
        struct wire_answer answer = wire_ask_and_close(http_server_port(*state), text);
        assert_refused(&answer, 411, "LENGTH_REQUIRED", verbs[i]);
    }
}

static void request_without_body_needs_no_length(void **state)
{
    static const char *const texts[] = {
        "PUT /now HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "DELETE /now HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n",
    };

    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(wire_ask_and_close(http_server_port(*state), texts[i]).status, 200);
}

static void body_of_the_largest_size_passes_and_one_byte_more_does_not(void **state)
{
    enum { LARGEST = 1 << 20 };
    char *body = malloc(LARGEST);
    int fd = wire_connect(http_server_port(*state));

    assert_non_null(body);
    memset(body, 'b', LARGEST);
    wire_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n");
    wire_send_bytes(fd, body, LARGEST);
    struct wire_answer answer = wire_read(fd, false);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_bytes, LARGEST);
    assert_memory_equal(answer.body, body, LARGEST);
    wire_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n");
    answer = wire_read(fd, false);
    assert_refused(&answer, 413, "MESSAGE_TOO_LARGE", "larger");
    wire_close(fd);
    free(body);
}

/*
 * It begins when the server has closed its side already, and sends more than the buffers between hold of what nobody
 * reads. The server bears that for two seconds, so it is no more than that.
 */
static void answer_reaches_a_client_that_is_still_sending(void **state)
{
    enum { SENT = 8 << 20 };
    char *body = calloc(1, SENT);
    int fd = wire_connect(http_server_port(*state));
    struct pollfd closed = {.fd = fd, .events = POLLRDHUP};

    assert_non_null(body);
    wire_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 67108864\r\n\r\n");
    assert_int_equal(poll(&closed, 1, -1), 1);
    assert_true(wire_try_send(fd, body, SENT));
    struct wire_answer answer = wire_read(fd, false);
    assert_refused(&answer, 413, "MESSAGE_TOO_LARGE", "larger");
    wire_close(fd);
    free(body);
}

static int begin_body(int port, const char *path, size_t length, size_t sent)
{
    char head[256];
    char *body = calloc(1, sent + 1);
    int fd = wire_connect(port);

    assert_non_null(body);
    snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", path, length);
    wire_send(fd, head);
    wire_send_bytes(fd, body, sent);
    free(body);
    return fd;
}

/* A further request of the connection is read after the room of the body before was given back. */
static void wait_for_room(int fd)
{
    wire_send(fd, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(wire_read(fd, false).status, 200);
}

/* Whether a body of that size is taken; it is not in memory any more. */
static bool is_taken(int port, size_t bytes)
{
    int fd = begin_body(port, "/echo", bytes, bytes);
    struct wire_answer answer = wire_read(fd, false);

    if (answer.status != 200) {
        assert_refused(&answer, 429, "OVERLOADED", "too many bodies");
        wire_expect_close(fd);
    } else {
        wait_for_room(fd);
    }
    wire_close(fd);
    return answer.status == 200;
}

static void bodies_together_are_bounded(void **state)
{
    struct http_server *server = http_server_open((struct pl_http_options){.body_bytes_total_max = 10000});
    int port = http_server_port(server);
    (void)state;

    assert_false(is_taken(port, 10001));
    assert_true(is_taken(port, 10000));
    int held = begin_body(port, "/held", 6000, 6000);
    http_server_wait_held(server);
    assert_false(is_taken(port, 6000));
    http_server_release(server);
    assert_int_equal(wire_read(held, false).status, 200);
    wait_for_room(held);
    assert_true(is_taken(port, 10000));
    wire_close(held);
    http_server_close(server);
}

static void unfinished_body_has_its_room_until_its_client_leaves(void **state)
{
    struct http_server *server = http_server_open((struct pl_http_options){.body_bytes_total_max = 10000});
    int port = http_server_port(server);
    int unfinished = begin_body(port, "/echo", 6000, 1);
    (void)state;

    while (is_taken(port, 6000)) {
        struct pollfd refused = {.fd = unfinished, .events = POLLIN};
        if (poll(&refused, 1, 0) == 0) {
            wire_send_bytes(unfinished, "b", 1); /* who has no room is told so with the next byte */
            continue;
        }
        wire_close(unfinished); /* the other one had the room first */
        unfinished = begin_body(port, "/echo", 6000, 1);
    }
    wire_close(unfinished);
    while (!is_taken(port, 6000))
        continue;
    http_server_close(server);
}

/* Both come in one segment. The deadline is further away than that of the test. */
static void client_that_leaves_with_its_last_byte_is_noticed(void **state)
{
    struct http_server *server = http_server_open((struct pl_http_options){.body_deadline_ms = 3600000});
    int fd = wire_connect(http_server_port(server));
    (void)state;

    wire_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(wire_read(fd, false).status, 100);
    assert_int_equal(http_server_connections(server), 1);
    assert_int_equal(send(fd, "a", 1, MSG_MORE), 1);
    wire_close(fd);
    while (http_server_connections(server) > 0)
        poll(NULL, 0, 1);
    http_server_close(server);
}

static void chunks_are_counted_together(void **state)
{
    enum { CHUNK = 1 << 16 };
    char *chunk = malloc(CHUNK + 2);
    int fd = wire_connect(http_server_port(*state));

    assert_non_null(chunk);
    memset(chunk, 'c', CHUNK);
    memcpy(chunk + CHUNK, "\r\n", 2);
    wire_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (unsigned i = 0; i < 16; i++) {
        wire_send(fd, "10000\r\n");
        wire_send_bytes(fd, chunk, CHUNK + 2);
    }
    wire_send(fd, "1\r\nx\r\n0\r\n\r\n");
    struct wire_answer answer = wire_read(fd, false);
    assert_refused(&answer, 413, "MESSAGE_TOO_LARGE", "larger");
    wire_expect_close(fd);
    wire_close(fd);
    free(chunk);
}

static void many_small_chunks_are_one_body(void **state)
{
    int fd = wire_connect(http_server_port(*state));

    wire_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (unsigned i = 0; i < 5000; i++)
        wire_send(fd, "1\r\nx\r\n");
    wire_send(fd, "0\r\n\r\n");
    struct wire_answer answer = wire_read(fd, false);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_bytes, 5000);
    wire_close(fd);
}

static void impossible_chunk_is_refused_before_it_comes(void **state)
{
    struct wire_answer answer = wire_ask_and_close(
        http_server_port(*state), "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n");

    assert_refused(&answer, 413, "MESSAGE_TOO_LARGE", "larger");
}

/* "GET /", count times unit, " HTTP/1.1", then count_b times line, and the end. */
static char *long_request(unsigned units, const char *unit, unsigned lines, const char *line)
{
    size_t room = units * strlen(unit) + lines * strlen(line) + 64;
    char *text = malloc(room);
    char *at = text;

    assert_non_null(text);
    at = stpcpy(at, "GET /");
    for (unsigned i = 0; i < units; i++)
        at = stpcpy(at, unit);
    at = stpcpy(at, " HTTP/1.1\r\nHost: x\r\n");
    for (unsigned i = 0; i < lines; i++)
        at = stpcpy(at, line);
    stpcpy(at, "\r\n");
    return text;
}

static void assert_long(void **state, char *text, unsigned status, const char *reason)
{
    int fd = wire_connect(http_server_port(*state));

    wire_send(fd, text);
    struct wire_answer answer = wire_read(fd, false);
    if (status == 200)
        assert_int_equal(answer.status, 200);
    else
        assert_refused(&answer, status, reason, "");
    wire_close(fd);
    free(text);
}

static void sizes_of_a_head_are_bounded(void **state)
{
    assert_long(state, long_request(8190, "p", 0, ""), 200, "");
    assert_long(state, long_request(8193, "p", 0, ""), 414, "URI_TOO_LONG");
    assert_long(state, long_request(100000, "p", 0, ""), 414, "URI_TOO_LONG");
    assert_long(state, long_request(64, "p?a=b&", 0, ""), 200, "");
    assert_long(state, long_request(66, "p?a=b&", 0, ""), 414, "URI_TOO_LONG");
    assert_long(state, long_request(1, "p", 127, "Name: value\r\n"), 200, "");
    assert_long(state, long_request(1, "p", 128, "Name: value\r\n"), 431, "HEADERS_TOO_LARGE");
    assert_long(state, long_request(64, "p?a=b&", 63, "Name: value value value value value value value\r\n"), 200, "");
    assert_long(state,
                long_request(4000, "p", 80,
                             "Name: 0123456789012345678901234567890123456789012345678901234567"
                             "8901234567890123456789012345678901\r\n"),
                200, "");
    assert_long(state,
                long_request(1, "p", 124,
                             "Name: 0123456789012345678901234567890123456789012345678901234567"
                             "8901234567890123456789012345678901\r\n"),
                431, "HEADERS_TOO_LARGE");
    assert_long(state, long_request(1, "p", 5000, "Name: 0123456789012345678901234567890123456789\r\n"), 431,
                "HEADERS_TOO_LARGE");
}

static void expectation_is_met_before_the_body_and_not_for_one_too_large(void **state)
{
    int fd = wire_connect(http_server_port(*state));

    wire_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(wire_read(fd, false).status, 100);
    wire_send(fd, "abc");
    assert_string_equal(wire_read(fd, false).body, "abc");
    wire_close(fd);
    struct wire_answer answer =
        wire_ask_and_close(http_server_port(*state),
                           "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n\r\n");
    assert_refused(&answer, 413, "MESSAGE_TOO_LARGE", "larger");
}

/* Sends drop again and again until the server has answered. */
static struct wire_answer trickle(int fd, const char *drop)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};

    while (poll(&readable, 1, 20) == 0)
        wire_send(fd, drop);
    return wire_read(fd, false);
}

static void slow_request_is_answered_408(void **state)
{
    static const struct {
        const char *begin;
        const char *drop;
    } requests[] = {
        {"GET /no", "w"},
        {"GET /now HTTP/1.1\r\nHost: x\r\n", "A: b\r\n"},
        {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", "x"},
        {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
        {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n", "x"},
    };
    struct http_server *server =
        http_server_open((struct pl_http_options){.header_deadline_ms = 600, .body_deadline_ms = 600});
    (void)state;

    for (unsigned i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        int fd = wire_connect(http_server_port(server));
        wire_send(fd, requests[i].begin);
        struct wire_answer answer = trickle(fd, requests[i].drop);
        assert_refused(&answer, 408, "REQUEST_TIMEOUT", "in time");
        wire_expect_close(fd);
        wire_close(fd);
    }
    assert_int_equal(http_server_handled(server), 0);
    http_server_close(server);
}

static void idle_connection_is_closed_without_an_answer(void **state)
{
    struct http_server *server = http_server_open((struct pl_http_options){.idle_ms = 2000});
    int silent = wire_connect(http_server_port(server));
    int used = wire_connect(http_server_port(server));
    (void)state;

    wire_send(used, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(wire_read(used, false).status, 200);
    wire_expect_close(silent);
    wire_expect_close(used);
    wire_close(silent);
    wire_close(used);
    http_server_close(server);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(malformed_request_is_refused_and_closed, setup, teardown),
    cmocka_unit_test_setup_teardown(malformed_request_in_pieces_is_refused_too, setup, teardown),
    cmocka_unit_test_setup_teardown(many_segments_of_a_request_are_one_request, setup, teardown),
    cmocka_unit_test_setup_teardown(what_follows_a_request_too_early_is_dropped_and_the_connection_closed, setup,
                                    teardown),
    cmocka_unit_test_setup_teardown(announced_body_without_a_length_is_refused, setup, teardown),
    cmocka_unit_test_setup_teardown(request_without_body_needs_no_length, setup, teardown),
    cmocka_unit_test_setup_teardown(body_of_the_largest_size_passes_and_one_byte_more_does_not, setup, teardown),
    cmocka_unit_test_setup_teardown(answer_reaches_a_client_that_is_still_sending, setup, teardown),
    cmocka_unit_test(bodies_together_are_bounded),
    cmocka_unit_test(unfinished_body_has_its_room_until_its_client_leaves),
    cmocka_unit_test(client_that_leaves_with_its_last_byte_is_noticed),
    cmocka_unit_test_setup_teardown(chunks_are_counted_together, setup, teardown),
    cmocka_unit_test_setup_teardown(many_small_chunks_are_one_body, setup, teardown),
    cmocka_unit_test_setup_teardown(impossible_chunk_is_refused_before_it_comes, setup, teardown),
    cmocka_unit_test_setup_teardown(sizes_of_a_head_are_bounded, setup, teardown),
    cmocka_unit_test_setup_teardown(expectation_is_met_before_the_body_and_not_for_one_too_large, setup, teardown),
    cmocka_unit_test(slow_request_is_answered_408),
    cmocka_unit_test(idle_connection_is_closed_without_an_answer),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
