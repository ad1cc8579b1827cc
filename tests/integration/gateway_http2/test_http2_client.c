/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Calls of gateway/http2 over a real socket, to a server that answers as it is told, well or badly. */
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>

#include "client_rig.h"
#include "gateway/http2/endpoint.h"
#include "support/cmocka.h"

enum { MANY = 10, LONG_CHARS = 500000 };

static void reply_comes_back_with_the_call_s_headers_sent(void **state)
{
    static const struct pl_unary_header header = {.name = "x-api-key", .value = "secret"};
    struct call call;
    struct grpc_server_seen seen;
    call_init(&call, *state, "/echo", "hello");
    call.http2.headers = &header;
    call.http2.header_count = 1;
    calls_start(&call, 1);
    call_await(&call);
    call_assert_echoed(&call, "hello");
    seen = grpc_server_seen(call.rig->server);
    assert_string_equal(seen.api_key, "secret");
    assert_false(seen.is_indexed);
    assert_string_equal(seen.authority, "localhost");
    assert_string_equal(seen.timeout, "60000m");
    assert_true(pl_http2_ready(call.rig->client));
    pl_arena_fini(&call.arena);
}

static void quota_comes_with_the_reply(void **state)
{
    struct call call;
    call_ask(&call, *state, "/limited");
    call_assert_echoed(&call, "hello");
    assert_string_equal(call.http2.ratelimit, "\"q\";r=9;t=1");
    assert_string_equal(call.http2.ratelimit_policy, "\"q\";q=10;w=1");
    pl_arena_fini(&call.arena);
    call_ask(&call, *state, "/echo");
    assert_null(call.http2.ratelimit);
    assert_null(call.http2.ratelimit_policy);
    pl_arena_fini(&call.arena);
}

static void reply_may_come_in_pieces(void **state)
{
    struct call call;
    call_ask(&call, *state, "/bytes");
    call_assert_echoed(&call, "hello");
    pl_arena_fini(&call.arena);
}

static void refusal_comes_with_its_sentence_and_details(void **state)
{
    struct call call;
    call_ask(&call, *state, "/refused");
    assert_int_equal(call.http2.outcome, PL_HTTP2_ANSWERED);
    assert_int_equal(call.http2.grpc_code, 5);
    assert_string_equal(call.http2.sentence, "no chat\nhere");
    assert_int_equal(call.http2.details_bytes, 2);
    assert_memory_equal(call.http2.details, "\x08\x05", 2);
    assert_null(call.http2.reply);
    pl_arena_fini(&call.arena);
}

static void calls_of_one_turn_leave_in_one_write(void **state)
{
    struct call calls[MANY];
    assert_int_equal(outcome_of(*state, "/echo"), PL_HTTP2_ANSWERED); /* it is connected */
    for (unsigned i = 0; i < MANY; i++)
        call_init(&calls[i], *state, "/echo", "hello");
    calls_start(calls, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        call_await(&calls[i]);
        call_assert_echoed(&calls[i], "hello");
        pl_arena_fini(&calls[i].arena);
    }
    assert_int_equal(grpc_server_seen(calls[0].rig->server).most_requests, MANY);
    assert_int_equal(grpc_server_seen(calls[0].rig->server).connections, 1);
}

static void answers_may_come_in_any_order(void **state)
{
    struct call calls[3];
    call_init(&calls[0], *state, "/held", "first");
    call_init(&calls[1], *state, "/held", "second");
    call_init(&calls[2], *state, "/release", "third");
    calls_start(calls, 3);
    for (unsigned i = 0; i < 3; i++)
        call_await(&calls[i]);
    assert_true(calls[1].place < calls[0].place);
    call_assert_echoed(&calls[0], "first");
    call_assert_echoed(&calls[1], "second");
    for (unsigned i = 0; i < 3; i++)
        pl_arena_fini(&calls[i].arena);
}

/* More than the socket has room for, and than a stream's window. */
static void long_messages_come_back(void **state)
{
    struct call calls[MANY];
    static char text[LONG_CHARS + 1];
    memset(text, 'x', LONG_CHARS);
    for (unsigned i = 0; i < MANY; i++) {
        text[0] = (char)('0' + i);
        call_init(&calls[i], *state, "/echo", text);
    }
    calls_start(calls, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        call_await(&calls[i]);
        text[0] = (char)('0' + i);
        call_assert_echoed(&calls[i], text);
        pl_arena_fini(&calls[i].arena);
    }
}

static void bad_answers_are_none(void **state)
{
    static const char *const paths[] = {"/excess", "/compressed", "/large", "/huge", "/wordless", "/reset", "/verbose"};
    for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_int_equal(outcome_of(*state, paths[i]), PL_HTTP2_BROKEN);
    assert_int_equal(outcome_of(*state, "/echo"), PL_HTTP2_ANSWERED);
}

static void status_without_a_whole_message_has_no_reply(void **state)
{
    static const char *const paths[] = {"/short", "/nothing"};
    for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct call call;
        call_ask(&call, *state, paths[i]);
        assert_int_equal(call.http2.outcome, PL_HTTP2_ANSWERED);
        assert_null(call.http2.reply);
        pl_arena_fini(&call.arena);
    }
}

typedef int look_up(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **ret_found);

/* getaddrinfo: before the addresses of a name there is one where nobody listens. */
__attribute__((visibility("default"))) look_up look_up_more __asm__("getaddrinfo");

int look_up_more(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **ret_found)
{
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    look_up *real;
    struct addrinfo *found;
    int code;
    memcpy(&real, &symbol, sizeof real);
    code = real(host, port, hints, ret_found);
    if (code != 0 || (hints->ai_flags & AI_NUMERICHOST) != 0)
        return code;
    assert_int_equal(real("127.0.0.2", port, hints, &found), 0);
    found->ai_next = *ret_found;
    *ret_found = found;
    return 0;
}

static void server_is_found_by_its_name(void **state)
{
    struct rig *rig = rig_new(0);
    (void)state;
    grpc_server_start_by_name(rig->server);
    rig_open_client(rig, DEADLINE_MS);
    assert_int_equal(outcome_of(rig, "/echo"), PL_HTTP2_ANSWERED);
    assert_string_equal(grpc_server_seen(rig->server).authority, grpc_server_endpoint(rig->server));
    rig_free(rig);
}

static void endpoint_may_be_an_ipv6_address(void **state)
{
    struct pl_http2_endpoint endpoint;
    (void)state;
    assert_true(pl_http2_endpoint_parse(&endpoint, "[::1]:50051"));
    assert_false(endpoint.is_unix);
    assert_string_equal(endpoint.host, "::1");
    assert_string_equal(endpoint.port, "50051");
    assert_string_equal(endpoint.authority, "[::1]:50051");
}

static void wrong_endpoint_is_refused(void **state)
{
    static const char *const endpoints[] = {"",       "host",   "host:",         ":50051",    "host:0", "host:65536",
                                            "host:x", "unix:x", "http://host:1", "::1:50051", "[]:1"};
    struct rig *rig = *state;
    for (unsigned i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
        struct pl_http2_options options = {.endpoint = endpoints[i], .deadline_ms = 1, .reply_bytes_max = 1};
        struct pl_http2_client *client;
        char error[256] = "";
        assert_int_equal(pl_http2_open(&options, &rig->loops->loops[0], &client, error, sizeof error),
                         PL_INVALID_ARGUMENT);
        assert_non_null(strstr(error, "is not host:port or unix:/path"));
    }
}

static void client_closes_while_a_name_is_looked_up(void **state)
{
    struct pl_http2_options options = {.endpoint = "localhost:1", .deadline_ms = 1, .reply_bytes_max = 1};
    struct rig *rig = *state;
    struct pl_http2_client *client;
    char error[256] = "";
    assert_int_equal(pl_http2_open(&options, &rig->loops->loops[0], &client, error, sizeof error), PL_OK);
    pl_http2_close(client);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(reply_comes_back_with_the_call_s_headers_sent, rig_setup, rig_teardown),
    cmocka_unit_test_setup_teardown(quota_comes_with_the_reply, rig_setup, rig_teardown),
    cmocka_unit_test_setup_teardown(reply_may_come_in_pieces, rig_setup, rig_teardown),
    cmocka_unit_test_setup_teardown(refusal_comes_with_its_sentence_and_details, rig_setup, rig_teardown),
    cmocka_unit_test_setup_teardown(calls_of_one_turn_leave_in_one_write, rig_setup, rig_teardown),
    cmocka_unit_test_setup_teardown(answers_may_come_in_any_order, rig_setup, rig_teardown),
    cmocka_unit_test_setup_teardown(long_messages_come_back, rig_setup, rig_teardown),
    cmocka_unit_test_setup_teardown(bad_answers_are_none, rig_setup, rig_teardown),
    cmocka_unit_test_setup_teardown(status_without_a_whole_message_has_no_reply, rig_setup, rig_teardown),
    cmocka_unit_test(server_is_found_by_its_name),
    cmocka_unit_test(endpoint_may_be_an_ipv6_address),
    cmocka_unit_test_setup_teardown(wrong_endpoint_is_refused, rig_setup, rig_teardown),
    cmocka_unit_test_setup_teardown(client_closes_while_a_name_is_looked_up, rig_setup, rig_teardown),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
