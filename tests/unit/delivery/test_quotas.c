/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Sends of a device whose user has sent as much as a second allows: what is refused, for how long, and in which order.
 */
#include "auth/quota.h"

#include <libpq-fe.h>
#include <string.h>

#include "support/cmocka.h"

#include "delivery/session.h"
#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CHAT = 3, PHONE = 1, TABLET = 2, PER_SECOND = 10, TOKEN_MS = 100, HELD_BACK_MS = 2000 };

static const struct pl_config config = {.user_messages_per_second = PER_SECOND};
static struct pl_quotas *quotas;
static struct pl_app_quota *app;
static struct pl_call *alice;

/* A row of limits that are not set. */
static struct pl_rows unset(void)
{
    static char name[] = "column";
    PGresAttDesc names[PL_QUOTAS_OF_APP];
    struct pl_rows rows = {.result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK)};
    for (int i = 0; i < PL_QUOTAS_OF_APP; i++)
        names[i] = (PGresAttDesc){.name = name, .format = 1};
    assert_true(PQsetResultAttrs(rows.result, PL_QUOTAS_OF_APP, names));
    for (int i = 0; i < PL_QUOTAS_OF_APP; i++)
        assert_true(PQsetvalue(rows.result, 0, i, NULL, -1));
    return rows;
}

static struct pl_call *start_limited(int device)
{
    struct pl_call *call = stream_start(ALICE, device);
    ((struct pl_session *)call->owner)->principal.quota = app;
    return call;
}

static int set_up(void **state)
{
    static const struct pl_app_id app_id = {{{1}}};
    struct pl_rows rows = unset();
    world_set_up(state);
    world->db.chats[CHAT].members = 1U << ALICE | 1U << BOB;
    quotas = pl_quotas_new(&config, &world->server.metrics);
    app = pl_quotas_app(quotas, &app_id, &rows, 0, 0);
    pl_rows_clear(&rows);
    alice = start_limited(PHONE);
    return 0;
}

static int tear_down(void **state)
{
    int failed = world_tear_down(state);
    pl_quotas_free(quotas);
    return failed;
}

static void say(uint64_t request_id)
{
    stream_send(alice, request_id, CHAT, "hi");
    world_settle();
}

/* The user has nothing left; the numbers from 1 on are used. */
static void say_all(void)
{
    for (uint64_t i = 1; i <= PER_SECOND; i++)
        say(i);
    assert_int_equal(stream_sents(alice), PER_SECOND);
}

static const Parley__V1__Failed *last_failed(void)
{
    const Parley__V1__ServerFrame *frame = stream_last(alice);
    assert_true(frame->n_faileds > 0);
    return frame->faileds[frame->n_faileds - 1];
}

static void what_is_too_much_is_refused_and_stored_when_it_comes_again(void **state)
{
    (void)state;
    say_all();
    say(11);
    assert_int_equal(last_failed()->request_id, 11);
    assert_int_equal(last_failed()->code, 8);
    assert_string_equal(last_failed()->reason, "RATE_LIMITED");
    assert_in_range(last_failed()->retry_after_ms, TOKEN_MS, TOKEN_MS + 1);
    assert_int_equal(world->db.chats[CHAT].last_seq, PER_SECOND);
    world_wait_ms(last_failed()->retry_after_ms);
    say(11);
    assert_int_equal(stream_sents(alice), PER_SECOND + 1);
    assert_false(alice->is_failed);
    assert_int_equal(pl_metrics_get(&world->server.metrics, PL_METRIC_rate_limited_total + PL_QUOTA_USER_MESSAGES), 1);
}

static void nothing_overtakes_a_refused_send(void **state)
{
    (void)state;
    say_all();
    say(11);
    world_wait_ms(5 * TOKEN_MS);
    say(12);
    assert_int_equal(last_failed()->request_id, 12);
    assert_string_equal(last_failed()->reason, "RATE_LIMITED");
    assert_true(last_failed()->retry_after_ms > 0);
    say(11);
    assert_int_equal(stream_sents(alice), PER_SECOND + 1);
    say(12);
    assert_int_equal(stream_sents(alice), PER_SECOND + 2);
}

static void send_that_was_refused_before_for_another_reason_keeps_its_place(void **state)
{
    (void)state;
    say_all();
    say(20);
    world_wait_ms(5 * TOKEN_MS);
    say(19);
    assert_int_equal(stream_sents(alice), PER_SECOND + 1);
    say(21);
    assert_int_equal(stream_sents(alice), PER_SECOND + 1);
    say(20);
    assert_int_equal(stream_sents(alice), PER_SECOND + 2);
}

static void send_with_id(uint64_t request_id, const char *message_id)
{
    Parley__V1__SendMessageRequest message = PARLEY__V1__SEND_MESSAGE_REQUEST__INIT;
    Parley__V1__Send send = PARLEY__V1__SEND__INIT, *sends[] = {&send};
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    message.message_id = (char *)message_id;
    message.chat_id = "63000000-0000-8000-8000-000000000003";
    message.body_case = PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_CONTENT;
    message.content = "hi";
    send.request_id = request_id;
    send.message = &message;
    frame.n_sends = 1;
    frame.sends = sends;
    stream_receive(alice, &frame);
    world_settle();
}

static void repetition_is_known_by_its_message_id_too(void **state)
{
    (void)state;
    say_all();
    send_with_id(11, "01890000-0000-7000-8000-00000000000b");
    world_wait_ms(5 * TOKEN_MS);
    send_with_id(12, "01890000-0000-7000-8000-00000000000c");
    assert_int_equal(stream_faileds(alice), 2);
    send_with_id(13, "01890000-0000-7000-8000-00000000000b");
    send_with_id(14, "01890000-0000-7000-8000-00000000000c");
    assert_int_equal(stream_sents(alice), PER_SECOND + 2);
}

static void who_gives_a_send_up_is_held_back_for_a_while_only(void **state)
{
    (void)state;
    say_all();
    say(11);
    world_wait_ms(last_failed()->retry_after_ms + HELD_BACK_MS - 1);
    say(12);
    assert_int_equal(stream_sents(alice), PER_SECOND);
    world_wait_ms(2);
    say(12);
    assert_int_equal(stream_sents(alice), PER_SECOND + 1);
}

static void devices_of_a_user_share_the_limit(void **state)
{
    (void)state;
    say_all();
    struct pl_call *tablet = start_limited(TABLET);
    stream_send(tablet, 1, CHAT, "hi");
    world_settle();
    assert_int_equal(stream_faileds(tablet), 1);
}

static void send_that_is_not_valid_costs_nothing(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= PER_SECOND; i++) {
        stream_send(alice, i, CHAT, "");
        world_settle();
    }
    say_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_too_much_is_refused_and_stored_when_it_comes_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_overtakes_a_refused_send, set_up, tear_down),
        cmocka_unit_test_setup_teardown(send_that_was_refused_before_for_another_reason_keeps_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(repetition_is_known_by_its_message_id_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_gives_a_send_up_is_held_back_for_a_while_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(devices_of_a_user_share_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(send_that_is_not_valid_costs_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
