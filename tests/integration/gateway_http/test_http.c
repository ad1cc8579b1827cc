/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* gateway/http over real sockets: what a well-behaved client sees, and who may answer when. */
#include <pthread.h>
#include <stdio.h>
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

static void header_is_read_as_one_value_without_blanks_around_it(void **state)
{
    static const char *const cases[][2] = {
        {"", "0 <none>"},
        {"X-Seen: a b\r\n", "1 <a b>"},
        {"x-seen:a b \t \r\n", "1 <a b>"},
        {"X-Seen:   \r\n", "1 <>"},
        {"X-Seen: a \r\nX-Seen2: b\r\nX-SEEN: c\r\n", "2 <a, c>"},
    };
    int fd = wire_connect(http_server_port(*state));

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), "GET /seen HTTP/1.1\r\nHost: x\r\n%s\r\n", cases[i][0]);
        struct wire_answer answer = ask(fd, text);
        assert_int_equal(answer.body_bytes, strlen(cases[i][1]));
        assert_memory_equal(answer.body, cases[i][1], answer.body_bytes);
    }
    wire_close(fd);
}

static void head_is_get_without_the_body(void **state)
{
    int fd = wire_connect(http_server_port(*state));

    wire_send(fd, "HEAD /verb HTTP/1.1\r\nHost: x\r\n\r\n");
    struct wire_answer answer = wire_read(fd, true);
    assert_int_equal(answer.status, 200);
    assert_string_equal(wire_header(&answer, "Content-Length"), "11"); /* "GET /verb ?" */
    answer = ask(fd, "GET /verb HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_string_equal(answer.body, "GET /verb ?");
    wire_close(fd);
}

static void assert_gunzips_to_text(const struct wire_answer *answer)
{
    unsigned char text[2001] = "";
    z_stream stream = {.next_in = (Bytef *)answer->body,
                       .avail_in = (uInt)answer->body_bytes,
                       .next_out = text,
                       .avail_out = sizeof(text)};

    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, 2000);
    inflateEnd(&stream);
    for (unsigned i = 0; i < 2000; i++)
        assert_int_equal(text[i], 't');
}

static void long_answer_is_compressed_when_asked(void **state)
{
    int fd = wire_connect(http_server_port(*state));

    for (unsigned i = 0; i < 3; i++) {
        struct wire_answer answer = ask(fd, "GET /text HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br, gzip;q=0.5\r\n\r\n");
        assert_string_equal(wire_header(&answer, "Content-Encoding"), "gzip");
        assert_string_equal(wire_header(&answer, "Vary"), "Accept-Encoding");
        assert_gunzips_to_text(&answer);
    }
    struct wire_answer answer = ask(fd, "GET /text HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip;q=0\r\n\r\n");
    assert_null(wire_header(&answer, "Content-Encoding"));
    assert_string_equal(wire_header(&answer, "Vary"), "Accept-Encoding");
    assert_int_equal(answer.body_bytes, 2000);
    answer = ask(fd, "GET /now HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    assert_null(wire_header(&answer, "Content-Encoding"));
    wire_close(fd);
}

static void answer_for_a_client_that_left_is_taken(void **state)
{
    struct linger at_once = {.l_onoff = 1};

    for (unsigned i = 0; i < 10; i++) {
        int fd = wire_connect(http_server_port(*state));
        wire_send(fd, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
        http_server_wait_held(*state);
        if (i % 2 == 0)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        wire_close(fd);
        http_server_release(*state);
    }
    int fd = wire_connect(http_server_port(*state));
    assert_int_equal(ask(fd, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
    wire_close(fd);
}

static void *hurry(void *context)
{
    const struct http_server *server = context;

    for (unsigned i = 0; i < 100; i++) {
        int fd = wire_connect(http_server_port(server));
        wire_send(fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET");
        wire_close(fd);
    }
    return NULL;
}

static void clients_that_leave_do_not_disturb_each_other(void **state)
{
    pthread_t threads[3];

    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hurry, *state), 0);
    for (unsigned i = 0; i < 100; i++) {
        int fd = wire_connect(http_server_port(*state));
        assert_int_equal(ask(fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
        wire_close(fd);
    }
    for (unsigned i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

static void connections_of_one_address_are_bounded(void **state)
{
    struct http_server *server = http_server_open((struct pl_http_options){.connections_per_address_max = 2});
    int first = wire_connect(http_server_port(server));
    int second = wire_connect(http_server_port(server));
    int third = wire_connect(http_server_port(server));
    (void)state;

    wire_expect_close(third);
    assert_int_equal(http_server_turned_away(server), 1);
    assert_int_equal(ask(first, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
    assert_int_equal(ask(second, "GET /now HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").status, 200);
    wire_expect_close(second);
    wire_close(third);
    wire_close(second);
    wire_close(first);
    http_server_close(server);
}

static void connections_are_bounded(void **state)
{
    struct http_server *server = http_server_open((struct pl_http_options){.connections_max = 1});
    int first = wire_connect(http_server_port(server));
    int second = wire_connect(http_server_port(server));
    (void)state;

    wire_expect_close(second);
    assert_int_equal(ask(first, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
    wire_close(second);
    wire_close(first);
    http_server_close(server);
}

/* The descriptors of client and server are one process's here: the client's exist before they run out. */
static void server_survives_without_descriptors(void **state)
{
    struct rlimit before;
    struct rlimit none;
    int turned_away = wire_socket();
    int next = dup(0);

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    close(next);
    none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    wire_connect_socket(turned_away, http_server_port(*state));
    wire_expect_close(turned_away);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(http_server_turned_away(*state), 1);
    wire_close(turned_away);
    int fd = wire_connect(http_server_port(*state));
    assert_int_equal(ask(fd, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
    wire_close(fd);
}

static void drain_closes_idle_connections_and_finishes_open_requests(void **state)
{
    struct http_server *server = http_server_open((struct pl_http_options){0});
    int idle = wire_connect(http_server_port(server));
    int used = wire_connect(http_server_port(server));
    int begun = wire_connect(http_server_port(server));
    (void)state;

    assert_int_equal(ask(used, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
    assert_int_equal(ask(begun, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
    wire_send(begun, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    http_server_wait_held(server);
    pl_http_drain(http_server_http(server));
    wire_expect_close(idle);
    wire_expect_close(used);
    http_server_release(server);
    struct wire_answer answer = wire_read(begun, false);
    assert_string_equal(answer.body, "released");
    assert_string_equal(wire_header(&answer, "Connection"), "close");
    wire_expect_close(begun);
    int refused = wire_socket();
    assert_false(wire_try_connect(refused, http_server_port(server)));
    wire_close(refused);
    wire_close(begun);
    wire_close(used);
    wire_close(idle);
    http_server_close(server);
}

/* Who is late with a head shows that the deadlines have been looked at since. */
static void drain_answers_who_still_sends(void **state)
{
    struct http_server *server =
        http_server_open((struct pl_http_options){.header_deadline_ms = 100, .drain_idle_ms = 60000});
    int used = wire_connect(http_server_port(server));
    int late = wire_connect(http_server_port(server));
    (void)state;

    assert_int_equal(ask(used, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
    pl_http_drain(http_server_http(server));
    wire_send(late, "GET /now HTTP/1.1\r\n");
    assert_int_equal(wire_read(late, false).status, 408);
    struct wire_answer last = ask(used, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(last.status, 200);
    assert_string_equal(wire_header(&last, "Connection"), "close");
    wire_expect_close(used);
    wire_close(late);
    wire_close(used);
    http_server_close(server);
}

static void close_does_not_wait_for_a_client_that_stalls(void **state)
{
    struct http_server *server = http_server_open((struct pl_http_options){0});
    int stalled = wire_connect(http_server_port(server));
    (void)state;

    assert_int_equal(ask(stalled, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
    wire_send(stalled, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(wire_read(stalled, false).status, 100);
    http_server_close(server);
    wire_close(stalled);
}

static void *release_soon(void *context)
{
    http_server_release(context);
    return NULL;
}

static void close_waits_for_the_answer_of_a_request_whose_client_left(void **state)
{
    struct http_server *server = http_server_open((struct pl_http_options){0});
    int fd = wire_connect(http_server_port(server));
    pthread_t thread;
    (void)state;

    wire_send(fd, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    http_server_wait_held(server);
    wire_close(fd);
    assert_int_equal(pthread_create(&thread, NULL, release_soon, server), 0);
    http_server_close(server);
    pthread_join(thread, NULL);
}

static void wrong_address_is_refused_by_the_setting_s_name(void **state)
{
    struct pl_http_options options = {.setting = "http-listen", .listen = "nowhere:80"};
    struct pl_http_server *server = NULL;
    char error[256] = "";
    (void)state;

    assert_int_equal(pl_http_open(&options, &server, error, sizeof(error)), PL_INVALID_ARGUMENT);
    assert_non_null(strstr(error, "http-listen: \"nowhere:80\" is not an address"));
    assert_null(server);
    pl_http_close(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(connection_carries_one_request_after_the_other, setup, teardown),
    cmocka_unit_test_setup_teardown(path_and_query_stay_encoded, setup, teardown),
    cmocka_unit_test_setup_teardown(header_is_read_as_one_value_without_blanks_around_it, setup, teardown),
    cmocka_unit_test_setup_teardown(head_is_get_without_the_body, setup, teardown),
    cmocka_unit_test_setup_teardown(long_answer_is_compressed_when_asked, setup, teardown),
    cmocka_unit_test_setup_teardown(answer_for_a_client_that_left_is_taken, setup, teardown),
    cmocka_unit_test_setup_teardown(clients_that_leave_do_not_disturb_each_other, setup, teardown),
    cmocka_unit_test(connections_of_one_address_are_bounded),
    cmocka_unit_test(connections_are_bounded),
    cmocka_unit_test_setup_teardown(server_survives_without_descriptors, setup, teardown),
    cmocka_unit_test(drain_closes_idle_connections_and_finishes_open_requests),
    cmocka_unit_test(drain_answers_who_still_sends),
    cmocka_unit_test(close_does_not_wait_for_a_client_that_stalls),
    cmocka_unit_test(close_waits_for_the_answer_of_a_request_whose_client_left),
    cmocka_unit_test(wrong_address_is_refused_by_the_setting_s_name),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
