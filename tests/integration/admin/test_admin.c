/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The operators' listener over real sockets: what each path answers, and what a wrong setting says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/admin.h"

enum { REPLY_BYTES = 1 << 16 };

struct fixture {
    struct pl_metrics metrics;
    _Atomic bool ready;
    struct pl_admin *admin;
    char error[256];
    char reply[REPLY_BYTES];
};

static struct fixture fixture;

static bool is_ready(void *context)
{
    return atomic_load((_Atomic bool *)context);
}

static enum pl_status open_on(const char *address, struct pl_admin **ret_admin)
{
    struct pl_admin_options options = {
        .listen = address,
        .metrics = {.metrics = &fixture.metrics, .rows = pl_metric_rows, .row_count = PL_METRIC_ROW_COUNT},
        .ready = is_ready,
        .context = &fixture.ready,
    };
    return pl_admin_open(&options, ret_admin, fixture.error, sizeof(fixture.error));
}

static int open_listener(void **state)
{
    (void)state;
    atomic_store(&fixture.ready, true);
    return open_on("127.0.0.1:0", &fixture.admin) != PL_OK;
}

static int close_listener(void **state)
{
    (void)state;
    pl_admin_close(fixture.admin);
    fixture.admin = NULL;
    return 0;
}

static int connect_to(int family, int port)
{
    struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    if (family == AF_INET)
        assert_int_equal(connect(fd, (struct sockaddr *)&v4, sizeof(v4)), 0);
    else
        assert_int_equal(connect(fd, (struct sockaddr *)&v6, sizeof(v6)), 0);
    return fd;
}

/* Sends text as it is and reads until the listener closes. */
static const char *exchange(int fd, const char *text)
{
    size_t bytes = 0;
    ssize_t got;

    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    while ((got = recv(fd, fixture.reply + bytes, REPLY_BYTES - 1 - bytes, 0)) > 0)
        bytes += (size_t)got;
    assert_int_equal(got, 0);
    fixture.reply[bytes] = '\0';
    close(fd);
    return fixture.reply;
}

static const char *request(const char *method_and_path)
{
    char text[256];

    snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", method_and_path);
    return exchange(connect_to(AF_INET, pl_admin_port(fixture.admin)), text);
}

static void assert_starts(const char *text, const char *start)
{
    assert_memory_equal(text, start, strlen(start));
}

static void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        print_error("\"%s\" is not in \"%s\"\n", part, text);
    assert_non_null(strstr(text, part));
}

static void metrics_are_prometheus_text(void **state)
{
    (void)state;
    pl_metrics_set(&fixture.metrics, PL_METRIC_calls_refused_total, 42);
    const char *reply = request("GET /metrics");
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_holds(reply, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
    assert_holds(reply, "\n# TYPE parley_calls_refused_total counter\nparley_calls_refused_total 42\n");
}

static void head_has_the_length_and_no_body(void **state)
{
    (void)state;
    const char *reply = request("HEAD /metrics");
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_holds(reply, "Content-Length: ");
    assert_null(strstr(reply, "parley_calls_total"));
}

static void liveness_does_not_ask_for_readiness(void **state)
{
    (void)state;
    atomic_store(&fixture.ready, false);
    const char *reply = request("GET /livez");
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_holds(reply, "\r\n\r\nok\n");
}

static void readiness_follows_the_callback(void **state)
{
    (void)state;
    assert_starts(request("GET /readyz"), "HTTP/1.1 200 ");
    atomic_store(&fixture.ready, false);
    assert_starts(request("GET /readyz"), "HTTP/1.1 503 ");
    assert_starts(request("HEAD /readyz?verbose=1"), "HTTP/1.1 503 ");
    atomic_store(&fixture.ready, true);
    assert_starts(request("GET /readyz"), "HTTP/1.1 200 ");
}

static void other_paths_are_not_found(void **state)
{
    static const char *const requests[] = {"GET /",      "GET /metrics/", "GET /Metrics",      "GET /livez/x",
                                           "HEAD /nope", "POST /nope",    "GET /../etc/passwd"};
    (void)state;

    for (unsigned i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        assert_starts(request(requests[i]), "HTTP/1.1 404 ");
}

static void other_methods_are_refused_with_allow(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "BREW"};
    char line[64];
    (void)state;

    for (unsigned i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        snprintf(line, sizeof(line), "%s /metrics", methods[i]);
        const char *reply = request(line);
        assert_starts(reply, "HTTP/1.1 405 ");
        assert_holds(reply, "\r\nAllow: GET, HEAD\r\n");
    }
}

/* The body never comes; the answer does. */
static void refused_body_is_not_waited_for(void **state)
{
    (void)state;
    int fd = connect_to(AF_INET, pl_admin_port(fixture.admin));
    const char *reply = exchange(fd, "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n");
    assert_starts(reply, "HTTP/1.1 405 ");
}

static void malformed_requests_do_not_stop_the_listener(void **state)
{
    static char long_line[40000];
    (void)state;

    memset(long_line, 'a', sizeof(long_line) - 1);
    memcpy(long_line, "GET /", 5);
    memcpy(long_line + sizeof(long_line) - 5, "\r\n\r\n", 4);
    assert_starts(request("\x01\x02 nonsense"), "HTTP/1.");
    int fd = connect_to(AF_INET, pl_admin_port(fixture.admin));
    (void)send(fd, long_line, strlen(long_line), MSG_NOSIGNAL);
    close(fd);
    assert_starts(request("GET /livez"), "HTTP/1.1 200 ");
}

static void connection_is_kept_for_the_next_request(void **state)
{
    (void)state;
    int fd = connect_to(AF_INET, pl_admin_port(fixture.admin));
    const char *reply = exchange(fd, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                     "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_holds(reply, "\r\n\r\nok\nHTTP/1.1 200 ");
    assert_holds(reply, "\r\n\r\nready\n");
}

static void close_ends_open_connections(void **state)
{
    char byte;
    (void)state;

    int fd = connect_to(AF_INET, pl_admin_port(fixture.admin));
    assert_int_equal(send(fd, "GET /li", 7, MSG_NOSIGNAL), 7);
    pl_admin_close(fixture.admin);
    fixture.admin = NULL;
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
}

static void port_in_use_is_said(void **state)
{
    struct pl_admin *second = NULL;
    char address[32];
    char sentence[128];
    (void)state;

    snprintf(address, sizeof(address), "127.0.0.1:%d", pl_admin_port(fixture.admin));
    assert_int_equal(open_on(address, &second), PL_UNAVAILABLE);
    snprintf(sentence, sizeof(sentence), "admin-listen: %s is in use by another process", address);
    assert_string_equal(fixture.error, sentence);
    assert_null(second);
}

static void port_is_free_after_close(void **state)
{
    char address[32];
    (void)state;

    snprintf(address, sizeof(address), "127.0.0.1:%d", pl_admin_port(fixture.admin));
    pl_admin_close(fixture.admin);
    fixture.admin = NULL;
    assert_int_equal(open_on(address, &fixture.admin), PL_OK);
}

static void foreign_address_is_said(void **state)
{
    struct pl_admin *admin = NULL;
    (void)state;

    /* TEST-NET-1 of RFC 5737: no machine has it. */
    assert_int_equal(open_on("192.0.2.1:0", &admin), PL_UNAVAILABLE);
    assert_string_equal(fixture.error, "admin-listen: cannot listen on 192.0.2.1:0: Cannot assign requested address");
}

static void bad_addresses_are_said(void **state)
{
    static const char *const addresses[] = {
        "9090",        "127.0.0.1",     "127.0.0.1:",  "127.0.0.1:http", "127.0.0.1:65536", "127.0.0.1:-1",
        "[]:1",        "127.0.0.1: 90", "::1:9090",    "[::1]9090",      "[127.0.0.1]:1",   "example.org:80",
        "unix:/tmp/a", "[::1:1",        "300.1.1.1:1", "127.0.0.1:+1"};
    struct pl_admin *admin = NULL;
    char sentence[256];
    (void)state;

    for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        assert_int_equal(open_on(addresses[i], &admin), PL_INVALID_ARGUMENT);
        snprintf(sentence, sizeof(sentence),
                 "admin-listen: \"%s\" is not an address; it takes 127.0.0.1:9090, [::1]:9090 or localhost:9090",
                 addresses[i]);
        assert_string_equal(fixture.error, sentence);
    }
}

static void empty_setting_opens_nothing(void **state)
{
    struct pl_admin *admin = (struct pl_admin *)&fixture;
    (void)state;

    assert_int_equal(open_on("", &admin), PL_OK);
    assert_null(admin);
    assert_int_equal(pl_admin_port(admin), 0);
    pl_admin_close(admin);
}

static void loopback_serves_without_a_host(void **state)
{
    static const char *const addresses[] = {":0", "localhost:0"};
    (void)state;

    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(open_on(addresses[i], &fixture.admin), PL_OK);
        assert_starts(request("GET /livez"), "HTTP/1.1 200 ");
        pl_admin_close(fixture.admin);
        fixture.admin = NULL;
    }
}

static bool has_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

    if (fd >= 0)
        close(fd);
    return has;
}

static void ipv6_serves_in_brackets(void **state)
{
    (void)state;
    if (!has_ipv6())
        skip();
    assert_int_equal(open_on("[::1]:0", &fixture.admin), PL_OK);
    int fd = connect_to(AF_INET6, pl_admin_port(fixture.admin));
    assert_starts(exchange(fd, "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), "HTTP/1.1 200 ");
    pl_admin_close(fixture.admin);
    fixture.admin = NULL;
}

#define LISTENING(test) cmocka_unit_test_setup_teardown(test, open_listener, close_listener)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LISTENING(metrics_are_prometheus_text),
        LISTENING(head_has_the_length_and_no_body),
        LISTENING(liveness_does_not_ask_for_readiness),
        LISTENING(readiness_follows_the_callback),
        LISTENING(other_paths_are_not_found),
        LISTENING(other_methods_are_refused_with_allow),
        LISTENING(refused_body_is_not_waited_for),
        LISTENING(malformed_requests_do_not_stop_the_listener),
        LISTENING(connection_is_kept_for_the_next_request),
        LISTENING(close_ends_open_connections),
        LISTENING(port_in_use_is_said),
        LISTENING(port_is_free_after_close),
        cmocka_unit_test(foreign_address_is_said),
        cmocka_unit_test(bad_addresses_are_said),
        cmocka_unit_test(empty_setting_opens_nothing),
        cmocka_unit_test(loopback_serves_without_a_host),
        cmocka_unit_test(ipv6_serves_in_brackets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
