/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include <arpa/inet.h>
#include <string.h>

#include "rpc/peer.h"
#include "support/cmocka.h"

static void assert_peer(const struct sockaddr_storage *address, const char *expected)
{
    struct pl_peer peer = pl_peer_of(address);
    char text[PL_PEER_TEXT_BYTES];

    pl_peer_format(&peer, text);
    assert_string_equal(text, expected);
}

static void peer_of_ipv4_is_address_and_port(void **state)
{
    struct sockaddr_storage address = {.ss_family = AF_INET};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address;

    (void)state;
    v4->sin_port = htons(5000);
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_peer(&address, "127.0.0.1:5000");
}

static void peer_of_ipv6_has_its_address_in_brackets(void **state)
{
    struct sockaddr_storage address = {.ss_family = AF_INET6};
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;

    (void)state;
    v6->sin6_port = htons(65535);
    v6->sin6_addr = in6addr_loopback;
    assert_peer(&address, "[::1]:65535");
    assert_int_equal(inet_pton(AF_INET6, "1000:2000:3000:4000:5000:6000:7000:8000", &v6->sin6_addr), 1);
    assert_peer(&address, "[1000:2000:3000:4000:5000:6000:7000:8000]:65535");
}

static void peer_without_an_address_is_unix(void **state)
{
    struct sockaddr_storage address = {.ss_family = AF_UNIX};

    (void)state;
    assert_peer(&address, "unix");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_of_ipv4_is_address_and_port),
        cmocka_unit_test(peer_of_ipv6_has_its_address_in_brackets),
        cmocka_unit_test(peer_without_an_address_is_unix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
