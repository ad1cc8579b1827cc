/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Listening: addresses, limits, and running out of file descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"

static void connect_to(int fd, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    pl_assert(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
}

static int make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void assert_call_works(struct fixture *fixture)
{
    struct reply reply = fixture_get_user(fixture, "x", 0);

    assert_int_equal(reply.code, 0);
    reply_free(&reply);
}

static void server_accepts_again_after_running_out_of_descriptors(void **state)
{
    enum { CONNECTIONS = 40 };
    static struct fixture fixture;
    struct rlimit before;
    struct rlimit none_left;
    int fds[CONNECTIONS];
    int next;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    for (int i = 0; i < CONNECTIONS; i++)
        fds[i] = make_socket();
    next = make_socket();
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none_left = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none_left), 0);
    assert_int_equal(make_socket(), -1);
    for (int i = 0; i < CONNECTIONS; i++)
        connect_to(fds[i], pl_rpc_port(fixture.rpc));
    assert_int_equal(recv(fds[0], &(char){0}, 1, MSG_DONTWAIT), -1); /* nobody answered */
    for (int i = 0; i < CONNECTIONS; i++)
        close(fds[i]);
    assert_call_works(&fixture);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    fixture_stop(&fixture);
}

/* The server's first bytes: it has accepted. */
static void await_accepted(int fd)
{
    char byte;

    pl_assert(recv(fd, &byte, 1, 0) == 1);
}

static void connections_beyond_the_limit_wait_for_room(void **state)
{
    static struct fixture fixture;
    int fds[3];

    (void)state;
    fixture_init(&fixture);
    fixture.config.connections_max = 2;
    fixture_start(&fixture);
    for (int i = 0; i < 3; i++) {
        fds[i] = make_socket();
        connect_to(fds[i], pl_rpc_port(fixture.rpc));
    }
    await_accepted(fds[0]);
    await_accepted(fds[1]);
    fixture_await_metric(&fixture, PL_METRIC_connections, 2);
    assert_int_equal(recv(fds[2], &(char){0}, 1, MSG_DONTWAIT), -1);
    close(fds[0]);
    await_accepted(fds[2]);
    close(fds[1]);
    close(fds[2]);
    fixture_await_metric(&fixture, PL_METRIC_connections, 0);
    fixture_stop(&fixture);
}

static enum pl_status try_open(struct fixture *fixture, const char *address, char error[256])
{
    struct pl_rpc_options options = {.config = &fixture->config,
                                     .metrics = &fixture->metrics,
                                     .methods = fixture->table,
                                     .method_count = pl_api_method_count};
    struct pl_rpc *rpc;

    error[0] = '\0';
    fixture->config.grpc_listen = address;
    enum pl_status status = pl_rpc_open(&options, &rpc, error, 256);
    if (status == PL_OK) {
        pl_rpc_drain(rpc, pl_clock_now_us()); /* never started */
        pl_rpc_close(rpc);
    }
    return status;
}

static void port_in_use_is_one_clear_sentence(void **state)
{
    static struct fixture fixture;
    char address[64];
    char error[256];
    char expected[256];

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    snprintf(address, sizeof(address), "127.0.0.1:%d", pl_rpc_port(fixture.rpc));
    snprintf(expected, sizeof(expected), "grpc-listen: %s is in use by another process", address);
    assert_int_equal(try_open(&fixture, address, error), PL_UNAVAILABLE);
    assert_string_equal(error, expected);
    fixture_stop(&fixture);
}

static void bad_addresses_are_refused(void **state)
{
    static const char *const addresses[] = {"",         "localhost",     ":1",        "127.0.0.1:", "127.0.0.1:x",
                                            "::1:5000", "1.1.1.1:70000", "unix:path", "unix:",      "[::1]",
                                            "[]:5",     "999.1.1.1:1"};
    static struct fixture fixture;
    char error[256];

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        assert_int_equal(try_open(&fixture, addresses[i], error), PL_INVALID_ARGUMENT);
        assert_true(strncmp(error, "grpc-listen: ", 13) == 0);
    }
    fixture_stop(&fixture);
}

static void server_that_never_started_closes(void **state)
{
    static struct fixture fixture;
    char error[256];

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    assert_int_equal(try_open(&fixture, "[::1]:0", error), PL_OK);
    assert_int_equal(try_open(&fixture, "localhost:0", error), PL_OK);
    fixture_stop(&fixture);
}

static void unix_socket_serves_and_a_stale_one_is_taken_over(void **state)
{
    static struct fixture fixture;
    char folder[] = "/tmp/parley-test-XXXXXX";
    char address[64];
    char error[256];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(address, sizeof(address), "unix:%s/s", folder);
    for (int i = 0; i < 2; i++) {
        fixture_init(&fixture);
        fixture.config.grpc_listen = address;
        fixture_start(&fixture);
        client_close(&fixture.client);
        client_open(&fixture.client, address);
        assert_int_equal(pl_rpc_port(fixture.rpc), 0);
        assert_call_works(&fixture);
        assert_int_equal(try_open(&fixture, address, error), PL_UNAVAILABLE);
        fixture_stop(&fixture);
        /* A server that was killed leaves the file behind. */
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un stale = {.sun_family = AF_UNIX};
        snprintf(stale.sun_path, sizeof(stale.sun_path), "%s/s", folder);
        assert_int_equal(bind(fd, (struct sockaddr *)&stale, sizeof(stale)), 0);
        close(fd);
    }
    unlink(address + 5);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(server_accepts_again_after_running_out_of_descriptors),
        cmocka_unit_test(connections_beyond_the_limit_wait_for_room),
        cmocka_unit_test(port_in_use_is_one_clear_sentence),
        cmocka_unit_test(bad_addresses_are_refused),
        cmocka_unit_test(server_that_never_started_closes),
        cmocka_unit_test(unix_socket_serves_and_a_stale_one_is_taken_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
