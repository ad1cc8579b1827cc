/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Counting sockets that somebody else closes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include "rpc/connections.h"

static const struct sockaddr_storage unix_peer = {.ss_family = AF_UNIX};

static void closed_sockets_are_forgotten_by_the_sweep(void **state)
{
    struct pl_connections *connections = pl_connections_new(1024);
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_true(pl_connections_add(connections, fds[0], &unix_peer));
    assert_true(pl_connections_add(connections, fds[1], &unix_peer));
    assert_int_equal(pl_connections_sweep(connections), 2);
    close(fds[0]);
    assert_int_equal(pl_connections_count(connections), 2);
    assert_int_equal(pl_connections_sweep(connections), 1);
    close(fds[1]);
    assert_int_equal(pl_connections_sweep(connections), 0);
    pl_connections_free(connections);
}

static void number_used_by_something_else_is_not_a_connection(void **state)
{
    struct pl_connections *connections = pl_connections_new(1024);
    int fds[2];
    int others[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_true(pl_connections_add(connections, fds[0], &unix_peer));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, others), 0);
    assert_int_equal(dup2(others[0], fds[0]), fds[0]);
    assert_int_equal(pl_connections_sweep(connections), 0);
    close(fds[0]);
    close(fds[1]);
    close(others[0]);
    close(others[1]);
    pl_connections_free(connections);
}

static void number_accepted_again_counts_once(void **state)
{
    struct pl_connections *connections = pl_connections_new(1024);
    int fds[2];
    int again[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_true(pl_connections_add(connections, fds[0], &unix_peer));
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, again), 0);
    assert_int_equal(again[0], fds[0]);
    assert_true(pl_connections_add(connections, again[0], &unix_peer));
    assert_int_equal(pl_connections_count(connections), 1);
    assert_int_equal(pl_connections_sweep(connections), 1);
    close(again[0]);
    close(again[1]);
    pl_connections_free(connections);
}

static void number_too_high_is_refused(void **state)
{
    struct pl_connections *connections = pl_connections_new(1);

    (void)state;
    assert_false(pl_connections_add(connections, STDERR_FILENO, &unix_peer));
    pl_connections_free(connections);
}

static void assert_peer(const struct sockaddr_storage *peer, const char *expected)
{
    struct pl_connections *connections = pl_connections_new(1024);
    char text[64];

    assert_true(pl_connections_add(connections, STDERR_FILENO, peer));
    pl_connections_peer(connections, STDERR_FILENO, text, sizeof(text));
    assert_string_equal(text, expected);
    pl_connections_peer(connections, STDOUT_FILENO, text, sizeof(text));
    assert_string_equal(text, "");
    pl_connections_peer(connections, -1, text, sizeof(text));
    assert_string_equal(text, "");
    pl_connections_free(connections);
}

static void peers_are_written_as_people_write_them(void **state)
{
    struct sockaddr_storage peer = {.ss_family = AF_INET};

    (void)state;
    ((struct sockaddr_in *)&peer)->sin_port = htons(5000);
    ((struct sockaddr_in *)&peer)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_peer(&peer, "127.0.0.1:5000");
    peer = (struct sockaddr_storage){.ss_family = AF_INET6};
    ((struct sockaddr_in6 *)&peer)->sin6_port = htons(5000);
    ((struct sockaddr_in6 *)&peer)->sin6_addr = in6addr_loopback;
    assert_peer(&peer, "[::1]:5000");
    assert_peer(&unix_peer, "unix");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_sockets_are_forgotten_by_the_sweep),
        cmocka_unit_test(number_used_by_something_else_is_not_a_connection),
        cmocka_unit_test(number_accepted_again_counts_once),
        cmocka_unit_test(number_too_high_is_refused),
        cmocka_unit_test(peers_are_written_as_people_write_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
