/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Frames in both formats, and the token in the first one. */
#include <string.h>

#include "base/limits.h"
#include "gateway/websocket/frame.h"
#include "parley/v1/stream_service.pb-c.h"
#include "support/cmocka.h"

struct fixture {
    struct pl_arena arena;
    struct pl_buf text;
};

static int setup(void **state)
{
    static struct fixture fixture;

    pl_arena_init(&fixture.arena, 4 << 20);
    pl_buf_init(&fixture.text, 4096);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    pl_arena_fini(&fixture->arena);
    pl_buf_fini(&fixture->text);
    return 0;
}

static struct pl_ws_bytes text_of(const char *text)
{
    return (struct pl_ws_bytes){.data = (const uint8_t *)text, .bytes = strlen(text)};
}

static struct pl_ws_bytes pack(struct fixture *fixture, const ProtobufCMessage *message)
{
    uint8_t *data = pl_arena_alloc(&fixture->arena, protobuf_c_message_get_packed_size(message));

    return (struct pl_ws_bytes){.data = data, .bytes = protobuf_c_message_pack(message, data)};
}

static enum pl_status read_token(struct fixture *fixture, enum pl_ws_format format, struct pl_ws_bytes message,
                                 const char **ret_token)
{
    const char *sentence = NULL;

    return pl_ws_frame_read_token(format, message, &fixture->arena, ret_token, &sentence);
}

static void binary_passes_as_it_is(void **state)
{
    static const uint8_t bytes[] = {0xff, 0x00, 0x80};
    struct fixture *fixture = *state;
    struct pl_ws_bytes message = {.data = bytes, .bytes = sizeof bytes};
    struct pl_ws_bytes frame;
    const char *sentence = NULL;

    assert_int_equal(pl_ws_frame_read(PL_WS_PROTO, message, &fixture->arena, &frame, &sentence), PL_OK);
    assert_ptr_equal(frame.data, bytes);
    assert_int_equal(frame.bytes, sizeof bytes);
    assert_int_equal(pl_ws_frame_write(PL_WS_PROTO, message, &fixture->arena, &fixture->text, &frame), PL_OK);
    assert_ptr_equal(frame.data, bytes);
}

static void text_is_the_frame_in_json(void **state)
{
    struct fixture *fixture = *state;
    struct pl_ws_bytes frame;
    const char *sentence = NULL;
    const char *text =
        "{\"sends\": [{\"request_id\": 7, \"message\": {\"chat_id\": \"c\", \"content\": \"h\\u00e9\"}}],"
        " \"acks\": [{\"chatId\": \"c\", \"seq\": \"9007199254740993\"}]}";

    assert_int_equal(pl_ws_frame_read(PL_WS_JSON, text_of(text), &fixture->arena, &frame, &sentence), PL_OK);
    Parley__V1__ClientFrame *read = parley__v1__client_frame__unpack(NULL, frame.bytes, frame.data);
    assert_non_null(read);
    assert_int_equal(read->n_sends, 1);
    assert_int_equal(read->sends[0]->request_id, 7);
    assert_string_equal(read->sends[0]->message->content, "h\xc3\xa9");
    assert_int_equal(read->acks[0]->seq, 9007199254740993);
    parley__v1__client_frame__free_unpacked(read, NULL);
}

static void what_is_wrong_with_text_is_said_with_its_place(void **state)
{
    static const struct {
        const char *text;
        enum pl_status status;
        const char *within;
    } cases[] = {{"{", PL_MALFORMED_JSON, ""},
                 {"[]", PL_MALFORMED_JSON, ""},
                 {"{\"hullo\": {}}", PL_UNKNOWN_FIELD, "hullo"},
                 {"{\"acks\": [{}, {\"seq\": \"x\"}]}", PL_INVALID_ARGUMENT, "acks[1].seq "},
                 {"{\"hello\": {}, \"hello\": {}}", PL_MALFORMED_JSON, ""}};
    struct fixture *fixture = *state;

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pl_ws_bytes frame;
        const char *sentence = NULL;
        assert_int_equal(pl_ws_frame_read(PL_WS_JSON, text_of(cases[i].text), &fixture->arena, &frame, &sentence),
                         cases[i].status);
        assert_non_null(strstr(sentence, cases[i].within));
    }
}

static void server_frame_becomes_text(void **state)
{
    struct fixture *fixture = *state;
    struct pl_ws_bytes frame = pl_ws_frame_going_away(250, &fixture->arena);
    struct pl_ws_bytes message;

    assert_int_equal(pl_ws_frame_write(PL_WS_JSON, frame, &fixture->arena, &fixture->text, &message), PL_OK);
    char *text = pl_arena_copy(&fixture->arena, message.data, message.bytes);
    assert_non_null(strstr(text, "\"going_away\":{\"reason\":\"DRAINING\",\"reconnect_after_ms\":250}"));
}

static void server_frame_that_cannot_be_written_is_our_fault(void **state)
{
    struct fixture *fixture = *state;
    Parley__V1__ServerFrame large = PARLEY__V1__SERVER_FRAME__INIT;
    Parley__V1__GoingAway going_away = PARLEY__V1__GOING_AWAY__INIT;
    struct pl_ws_bytes message;
    char reason[5000];

    memset(reason, 'r', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    going_away.reason = reason;
    large.going_away = &going_away;
    struct pl_ws_bytes frame = pack(fixture, &large.base);
    assert_int_equal(pl_ws_frame_write(PL_WS_JSON, frame, &fixture->arena, &fixture->text, &message), PL_INTERNAL);
    assert_int_equal(pl_ws_frame_write(PL_WS_JSON, text_of("\xff"), &fixture->arena, &fixture->text, &message),
                     PL_INTERNAL);
    /* The buffer is as good as before. */
    frame = pl_ws_frame_going_away(1, &fixture->arena);
    assert_int_equal(pl_ws_frame_write(PL_WS_JSON, frame, &fixture->arena, &fixture->text, &message), PL_OK);
}

static void token_is_read_in_both_formats(void **state)
{
    struct fixture *fixture = *state;
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    Parley__V1__Reauth reauth = PARLEY__V1__REAUTH__INIT;
    const char *token = NULL;

    reauth.token = "a.b.c";
    frame.reauth = &reauth;
    assert_int_equal(read_token(fixture, PL_WS_PROTO, pack(fixture, &frame.base), &token), PL_OK);
    assert_string_equal(token, "a.b.c");
    token = NULL;
    assert_int_equal(read_token(fixture, PL_WS_JSON, text_of("{\"reauth\": {\"token\": \"a.b.c\"}}"), &token), PL_OK);
    assert_string_equal(token, "a.b.c");
}

static void first_frame_has_nothing_but_the_token(void **state)
{
    static const char *const cases[] = {"{}", "{\"hello\": {}}", "{\"reauth\": {\"token\": \"t\"}, \"hello\": {}}",
                                        "{\"reauth\": {\"token\": \"t\"}, \"acks\": [{}]}"};
    struct fixture *fixture = *state;
    const char *token;

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(read_token(fixture, PL_WS_JSON, text_of(cases[i]), &token), PL_CREDENTIALS_MISSING);
    assert_int_equal(read_token(fixture, PL_WS_PROTO, text_of(""), &token), PL_CREDENTIALS_MISSING);
}

/* It becomes a header: a line break in it would be another one. */
static void token_that_no_header_can_have_is_refused(void **state)
{
    static const char *const cases[] = {"", "a b", "a\\r\\nb: c", "\\u00e9"};
    struct fixture *fixture = *state;
    const char *token;

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = pl_arena_printf(&fixture->arena, "{\"reauth\": {\"token\": \"%s\"}}", cases[i]);
        assert_int_equal(read_token(fixture, PL_WS_JSON, text_of(text), &token), PL_TOKEN_INVALID);
    }
    char *longest = pl_arena_alloc(&fixture->arena, PL_TOKEN_BYTES_MAX + 2);
    memset(longest, 't', PL_TOKEN_BYTES_MAX + 1);
    const char *text = pl_arena_printf(&fixture->arena, "{\"reauth\": {\"token\": \"%s\"}}", longest);
    assert_int_equal(read_token(fixture, PL_WS_JSON, text_of(text), &token), PL_TOKEN_INVALID);
    assert_int_equal(read_token(fixture, PL_WS_PROTO, text_of("\x42\x07"), &token), PL_MALFORMED_MESSAGE);
    assert_int_equal(read_token(fixture, PL_WS_PROTO, text_of("\x42\x04\x0a\x02\xff\xff"), &token), PL_INVALID_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(binary_passes_as_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(text_is_the_frame_in_json, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_text_is_said_with_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(server_frame_becomes_text, setup, teardown),
        cmocka_unit_test_setup_teardown(server_frame_that_cannot_be_written_is_our_fault, setup, teardown),
        cmocka_unit_test_setup_teardown(token_is_read_in_both_formats, setup, teardown),
        cmocka_unit_test_setup_teardown(first_frame_has_nothing_but_the_token, setup, teardown),
        cmocka_unit_test_setup_teardown(token_that_no_header_can_have_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
