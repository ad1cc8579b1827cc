/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The opening handshake as far as it is pure; what else it is made of is tested over sockets. */
#include "gateway/websocket/handshake.h"
#include "support/cmocka.h"

static const struct pl_ws_handshake good = {.upgrade = "websocket",
                                            .connection = "Upgrade",
                                            .version = "13",
                                            .key = "dGhlIHNhbXBsZSBub25jZQ==",
                                            .protocols = PL_WS_PROTOCOL_PROTO};

static enum pl_status read_handshake(const struct pl_ws_handshake *handshake, enum pl_ws_format *ret_format)
{
    const char *sentence = NULL;
    enum pl_status status = pl_ws_handshake_read(handshake, ret_format, &sentence);

    assert_int_equal(sentence == NULL, status == PL_OK);
    return status;
}

static void accept_is_that_of_the_rfc(void **state)
{
    char accept[PL_WS_ACCEPT_CHARS + 1];
    (void)state;

    pl_ws_handshake_accept(good.key, accept);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void first_known_subprotocol_is_chosen(void **state)
{
    static const struct {
        const char *protocols;
        enum pl_ws_format format;
    } cases[] = {{"parley.v1.proto", PL_WS_PROTO},
                 {"parley.v1.json", PL_WS_JSON},
                 {" mqtt ,\tparley.v1.json\t,parley.v1.proto", PL_WS_JSON},
                 {",,parley.v1.proto,parley.v1.json", PL_WS_PROTO}};
    (void)state;

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pl_ws_handshake handshake = good;
        enum pl_ws_format format = PL_WS_PROTO;
        handshake.protocols = cases[i].protocols;
        assert_int_equal(read_handshake(&handshake, &format), PL_OK);
        assert_int_equal(format, cases[i].format);
    }
}

static void unknown_subprotocols_are_refused(void **state)
{
    static const char *const cases[] = {
        NULL, "", ",", "parley.v1", "parley.v1.protox", "parley.v1.proto json", "Parley.v1.json"};
    (void)state;

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pl_ws_handshake handshake = good;
        enum pl_ws_format format;
        handshake.protocols = cases[i];
        assert_int_equal(read_handshake(&handshake, &format), PL_INVALID_ARGUMENT);
    }
}

static void key_is_sixteen_bytes(void **state)
{
    static const char *const cases[] = {NULL,
                                        "",
                                        "dGhlIHNhbXBsZSBub25jZQ=",
                                        "dGhlIHNhbXBsZSBub25jZQ===",
                                        "dGhlIHNhbXBsZSBub25jZ===",
                                        "dGhlIHNhbXBsZSBub25jZQAA",
                                        "dGhlIHNhbXBsZSBub25j-_==",
                                        " dGhlIHNhbXBsZSBub25jQ=="};
    (void)state;

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pl_ws_handshake handshake = good;
        enum pl_ws_format format;
        handshake.key = cases[i];
        assert_int_equal(read_handshake(&handshake, &format), PL_MALFORMED_REQUEST);
    }
}

static void origin_has_the_host_of_the_request(void **state)
{
    (void)state;
    assert_true(pl_ws_is_same_host("https://chat.example", "chat.example"));
    assert_true(pl_ws_is_same_host("http://Chat.example:8080", "chat.example:8080"));
    assert_false(pl_ws_is_same_host("https://chat.example", "chat.example:8080"));
    assert_false(pl_ws_is_same_host("https://chat.example.evil", "chat.example"));
    assert_false(pl_ws_is_same_host("https://evil", "chat.example"));
    assert_false(pl_ws_is_same_host("null", "null"));
    assert_false(pl_ws_is_same_host("chat.example", "chat.example"));
    assert_false(pl_ws_is_same_host("https://chat.example", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accept_is_that_of_the_rfc),          cmocka_unit_test(first_known_subprotocol_is_chosen),
        cmocka_unit_test(unknown_subprotocols_are_refused),   cmocka_unit_test(key_is_sixteen_bytes),
        cmocka_unit_test(origin_has_the_host_of_the_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
