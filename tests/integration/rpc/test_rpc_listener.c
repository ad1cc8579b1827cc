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
#include <sys/stat.h>
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
    static const char *const addresses[] = {"",
                                            "localhost",
                                            ":1",
                                            "127.0.0.1:",
                                            "127.0.0.1:x",
                                            "::1:5000",
                                            "1.1.1.1:70000",
                                            "unix:path",
                                            "unix:",
                                            "[::1]",
                                            "[]:5",
                                            "999.1.1.1:1",
                                            "127.0.0.1:0,",
                                            ",127.0.0.1:0",
                                            "127.0.0.1:0, unix:/tmp/parley-test-not-made",
                                            "0.0.0.0:0,0.0.0.0:0,0.0.0.0:0,0.0.0.0:0,0.0.0.0:0,0.0.0.0:0,0.0.0.0:0,"
                                            "0.0.0.0:0,0.0.0.0:0,0.0.0.0:0,0.0.0.0:0,0.0.0.0:0,0.0.0.0:0,0.0.0.0:0,"
                                            "0.0.0.0:0,0.0.0.0:0,0.0.0.0:0"};
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

/* A folder for unix sockets, and the address of one in it. */
struct folder {
    char path[32];
    char address[64];
};

static void make_folder(struct folder *folder)
{
    snprintf(folder->path, sizeof(folder->path), "/tmp/parley-test-XXXXXX");
    pl_assert(mkdtemp(folder->path) != NULL);
    snprintf(folder->address, sizeof(folder->address), "unix:%s/s", folder->path);
}

static void every_address_serves(void **state)
{
    static struct fixture fixture;
    struct folder folder;
    char addresses[128];

    (void)state;
    make_folder(&folder);
    snprintf(addresses, sizeof(addresses), "%s,127.0.0.1:0,127.0.0.1:0", folder.address);
    fixture_init(&fixture);
    fixture.config.grpc_listen = addresses;
    fixture_start(&fixture); /* its client is at the port */
    assert_call_works(&fixture);
    client_close(&fixture.client);
    client_open(&fixture.client, folder.address);
    assert_call_works(&fixture);
    fixture_stop(&fixture);
    assert_int_equal(rmdir(folder.path), 0); /* the socket's file is gone */
}

static void unix_socket_is_open_to_owner_and_group_whatever_the_umask(void **state)
{
    static struct fixture fixture;
    struct folder folder;
    struct stat info;
    mode_t before;

    (void)state;
    make_folder(&folder);
    before = umask(0777);
    fixture_init(&fixture);
    fixture.config.grpc_listen = folder.address;
    fixture_start(&fixture);
    umask(before);
    assert_int_equal(stat(folder.address + 5, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0660);
    fixture_stop(&fixture);
    assert_int_equal(rmdir(folder.path), 0);
}

static void file_that_is_no_socket_is_left_alone(void **state)
{
    static struct fixture fixture;
    struct folder folder;
    char error[256];
    char expected[128];

    (void)state;
    make_folder(&folder);
    fclose(fopen(folder.address + 5, "w"));
    fixture_init(&fixture);
    fixture_start(&fixture);
    snprintf(expected, sizeof(expected), "grpc-listen: cannot listen on %s: File exists", folder.address + 5);
    assert_int_equal(try_open(&fixture, folder.address, error), PL_UNAVAILABLE);
    assert_string_equal(error, expected);
    fixture_stop(&fixture);
    assert_int_equal(unlink(folder.address + 5), 0);
    assert_int_equal(rmdir(folder.path), 0);
}

/* A failure leaves nothing of the addresses before it. */
static void addresses_are_taken_all_or_none(void **state)
{
    static struct fixture fixture;
    struct folder folder;
    char addresses[128];
    char error[256];

    (void)state;
    make_folder(&folder);
    fixture_init(&fixture);
    fixture_start(&fixture);
    snprintf(addresses, sizeof(addresses), "%s,127.0.0.1:%d", folder.address, pl_rpc_port(fixture.rpc));
    assert_int_equal(try_open(&fixture, addresses, error), PL_UNAVAILABLE);
    fixture_stop(&fixture);
    assert_int_equal(rmdir(folder.path), 0);
}

static int find_listening(int port)
{
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in address = {0};
        socklen_t bytes = sizeof(address);
        int listens = 0;
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &(socklen_t){sizeof(listens)}) == 0 && listens &&
            getsockname(fd, (struct sockaddr *)&address, &bytes) == 0 && ntohs(address.sin_port) == port)
            return fd;
    }
    return -1;
}

/* accept says EINVAL on it for ever. */
static void socket_that_never_accepts_again_stops_neither_the_others_nor_the_end(void **state)
{
    static struct fixture fixture;
    struct folder folder;
    char addresses[128];

    (void)state;
    make_folder(&folder);
    snprintf(addresses, sizeof(addresses), "127.0.0.1:0,%s", folder.address);
    fixture_init(&fixture);
    fixture.config.grpc_listen = addresses;
    fixture_start(&fixture);
    assert_int_equal(shutdown(find_listening(pl_rpc_port(fixture.rpc)), SHUT_RDWR), 0);
    client_close(&fixture.client);
    client_open(&fixture.client, folder.address);
    assert_call_works(&fixture);
    fixture_stop(&fixture);
    assert_int_equal(rmdir(folder.path), 0);
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
        cmocka_unit_test(every_address_serves),
        cmocka_unit_test(unix_socket_is_open_to_owner_and_group_whatever_the_umask),
        cmocka_unit_test(file_that_is_no_socket_is_left_alone),
        cmocka_unit_test(addresses_are_taken_all_or_none),
        cmocka_unit_test(socket_that_never_accepts_again_stops_neither_the_others_nor_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
