/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* gateway/http over real sockets: what a well-behaved client sees, and who may answer when. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

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

static struct wire_answer ask(int fd, const char *text)
{
    wire_send(fd, text);
    return wire_read(fd, false);
}

static void connection_carries_one_request_after_the_other(void **state)
{
    int fd = wire_connect(http_server_port(*state));

    for (unsigned i = 0; i < 20; i++) {
        struct wire_answer answer =
            ask(fd, i % 2 == 0 ? "GET /now HTTP/1.1\r\nHost: x\r\n\r\n" : "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.body, i % 2 == 0 ? "now" : "later");
        assert_non_null(wire_header(&answer, "Date"));
        assert_string_equal(wire_header(&answer, "X-Test"), "yes");
    }
    wire_close(fd);
}

static void path_and_query_stay_encoded(void **state)
{
    int fd = wire_connect(http_server_port(*state));
    struct wire_answer answer = ask(fd, "DELETE /a%2Fb/%41?c=%26&d+e HTTP/1.1\r\nHost: x\r\n\r\n");

    assert_string_equal(answer.body, "DELETE /a%2Fb/%41 ?c=%26&d+e");
    answer = ask(fd, "GET http://host:1/p?q HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_string_equal(answer.body, "GET /p ?q");
    answer = ask(fd, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_string_equal(answer.body, "OPTIONS * ?");
    wire_close(fd);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(connection_carries_one_request_after_the_other, setup, teardown),
    cmocka_unit_test_setup_teardown(path_and_query_stay_encoded, setup, teardown),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
