/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Calls of gateway/http2 that wait, are late or lost, and connections that end, well or badly. */
#include <sched.h>

#include "client_rig.h"
#include "support/cmocka.h"

enum { MANY = 10 };

static void what_the_server_did_not_process_is_unsent(void **state)
{
    assert_int_equal(outcome_of(*state, "/unprocessed"), PL_HTTP2_UNSENT);
    assert_int_equal(outcome_of(*state, "/unheard"), PL_HTTP2_UNSENT);
}

static void connection_that_ends_breaks_its_calls_and_is_made_again(void **state)
{
    struct call held;
    call_init(&held, *state, "/held", "hello");
    calls_start(&held, 1);
    assert_int_equal(outcome_of(*state, "/cut"), PL_HTTP2_BROKEN);
    call_await(&held);
    assert_int_equal(held.http2.outcome, PL_HTTP2_BROKEN);
    pl_arena_fini(&held.arena);
    while (outcome_of(*state, "/echo") == PL_HTTP2_UNSENT)
        sched_yield();
    assert_true(pl_http2_ready(held.rig->client));
}

static void call_fails_at_once_while_nobody_listens(void **state)
{
    struct rig *rig = rig_new(0);
    (void)state;
    rig_open_client(rig, DEADLINE_MS);
    assert_int_equal(outcome_of(rig, "/echo"), PL_HTTP2_UNSENT);
    assert_false(pl_http2_ready(rig->client));
    grpc_server_start(rig->server);
    while (outcome_of(rig, "/echo") == PL_HTTP2_UNSENT)
        sched_yield();
    assert_int_equal(outcome_of(rig, "/echo"), PL_HTTP2_ANSWERED);
    grpc_server_stop(rig->server);
    while (outcome_of(rig, "/echo") != PL_HTTP2_UNSENT)
        sched_yield();
    grpc_server_start(rig->server);
    while (outcome_of(rig, "/echo") == PL_HTTP2_UNSENT)
        sched_yield();
    rig_free(rig);
}

/* It takes the time that a connection may take. */
static void server_that_says_nothing_is_given_up(void **state)
{
    struct rig *rig = rig_new(0);
    (void)state;
    grpc_server_start_deaf(rig->server);
    rig_open_client(rig, NEVER_MS);
    assert_int_equal(outcome_of(rig, "/echo"), PL_HTTP2_UNSENT);
    assert_false(pl_http2_ready(rig->client));
    grpc_server_hear(rig->server);
    while (outcome_of(rig, "/echo") != PL_HTTP2_ANSWERED)
        sched_yield();
    rig_free(rig);
}

static void call_without_an_answer_ends_at_its_deadline_and_is_cancelled(void **state)
{
    struct rig *rig = rig_new(0);
    struct call call;
    (void)state;
    grpc_server_start(rig->server);
    rig_open_client(rig, SOON_MS);
    /* On a busy machine the time is over before there is a connection, or before the call has left. */
    do {
        call_ask(&call, rig, "/silent");
        pl_arena_fini(&call.arena);
    } while (call.http2.outcome == PL_HTTP2_UNSENT || grpc_server_seen(rig->server).cancelled == 0);
    assert_int_equal(call.http2.outcome, PL_HTTP2_LATE);
    rig_free(rig);
}

static void calls_beyond_what_the_server_takes_wait(void **state)
{
    struct rig *rig = rig_new(2);
    struct call calls[MANY];
    (void)state;
    grpc_server_start(rig->server);
    rig_open_client(rig, DEADLINE_MS);
    for (unsigned i = 0; i < MANY; i++)
        call_init(&calls[i], rig, "/echo", "hello");
    calls_start(calls, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        call_await(&calls[i]);
        call_assert_echoed(&calls[i], "hello");
        pl_arena_fini(&calls[i].arena);
    }
    assert_int_equal(grpc_server_seen(rig->server).most_streams, 2);
    rig_free(rig);
}

static void calls_that_wait_go_when_the_server_takes_more(void **state)
{
    struct rig *rig = rig_new(1);
    struct call calls[2];
    (void)state;
    grpc_server_start(rig->server);
    rig_open_client(rig, DEADLINE_MS);
    call_init(&calls[0], rig, "/more", "first");
    call_init(&calls[1], rig, "/release", "second");
    calls_start(calls, 2);
    call_await(&calls[0]);
    call_await(&calls[1]);
    call_assert_echoed(&calls[0], "first");
    call_assert_echoed(&calls[1], "second");
    pl_arena_fini(&calls[0].arena);
    pl_arena_fini(&calls[1].arena);
    rig_free(rig);
}

static void call_that_waits_goes_when_another_is_cancelled(void **state)
{
    struct rig *rig = rig_new(1);
    struct call silent;
    struct call waiting;
    (void)state;
    grpc_server_start(rig->server);
    rig_open_client(rig, SOON_MS);
    while (outcome_of(rig, "/echo") != PL_HTTP2_ANSWERED)
        sched_yield();
    call_init(&silent, rig, "/silent", "first");
    call_init(&waiting, rig, "/echo", "second");
    silent.next = &waiting;
    calls_start(&silent, 1);
    call_await(&waiting);
    assert_int_equal(silent.http2.outcome, PL_HTTP2_LATE);
    assert_int_not_equal(waiting.http2.outcome, PL_HTTP2_UNSENT); /* on a busy machine it is late, too */
    assert_int_not_equal(outcome_of(rig, "/echo"), PL_HTTP2_UNSENT);
    pl_arena_fini(&silent.arena);
    pl_arena_fini(&waiting.arena);
    rig_free(rig);
}

static void server_that_breaks_the_protocol_is_left(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(outcome_of(rig, "/garbage"), PL_HTTP2_BROKEN);
    while (outcome_of(rig, "/echo") != PL_HTTP2_ANSWERED)
        sched_yield();
    assert_int_equal(grpc_server_seen(rig->server).connections, 2);
}

/* What is on its way when the server parts, while the loop looks elsewhere. */
struct parting {
    struct rig *rig;
    struct call answered;
    struct call silent;
    struct call *late; /* starts then; NULL: none */
};

static void part(void *context)
{
    const struct parting *parting = context;
    grpc_server_part(parting->rig->server);
    if (parting->late != NULL)
        pl_http2_start(parting->rig->client, &parting->late->http2);
}

static void part_from(struct parting *parting)
{
    call_init(&parting->answered, parting->rig, "/held", "hello");
    call_init(&parting->silent, parting->rig, "/silent", "hello");
    calls_start(&parting->silent, 1);
    calls_start(&parting->answered, 1);
    /* The server has it once it has answered what came behind it. */
    assert_int_equal(outcome_of(parting->rig, "/echo"), PL_HTTP2_ANSWERED);
    pl_io_loop_call(&parting->rig->loops->loops[0], part, parting);
    call_await(&parting->answered);
    call_await(&parting->silent);
    call_assert_echoed(&parting->answered, "hello");
    assert_int_equal(parting->silent.http2.outcome, PL_HTTP2_BROKEN);
    pl_arena_fini(&parting->answered.arena);
    pl_arena_fini(&parting->silent.arena);
}

static void end_that_comes_with_the_last_answer_is_seen(void **state)
{
    struct parting parting = {.rig = *state};
    part_from(&parting);
}

static void answer_is_taken_though_the_server_takes_nothing_more(void **state)
{
    struct parting parting = {.rig = *state};
    struct call late;
    call_init(&late, parting.rig, "/echo", "hello");
    parting.late = &late;
    part_from(&parting);
    call_await(&late);
    assert_int_not_equal(late.http2.outcome, PL_HTTP2_ANSWERED);
    pl_arena_fini(&late.arena);
}

static void call_on_a_connection_that_goes_away_is_answered_there(void **state)
{
    struct rig *rig = *state;
    struct call going;
    call_init(&going, rig, "/going", "hello");
    calls_start(&going, 1);
    /* These go to the next connection, once there is one. */
    while (grpc_server_seen(rig->server).connections < 2)
        (void)outcome_of(rig, "/echo");
    while (!call_is_done(&going))
        (void)outcome_of(rig, "/release");
    call_assert_echoed(&going, "hello");
    assert_int_equal(grpc_server_seen(rig->server).connections, 2);
    pl_arena_fini(&going.arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(what_the_server_did_not_process_is_unsent, rig_setup, rig_teardown),
    cmocka_unit_test_setup_teardown(connection_that_ends_breaks_its_calls_and_is_made_again, rig_setup, rig_teardown),
    cmocka_unit_test(call_fails_at_once_while_nobody_listens),
    cmocka_unit_test(server_that_says_nothing_is_given_up),
    cmocka_unit_test(call_without_an_answer_ends_at_its_deadline_and_is_cancelled),
    cmocka_unit_test(calls_beyond_what_the_server_takes_wait),
    cmocka_unit_test(calls_that_wait_go_when_the_server_takes_more),
    cmocka_unit_test(call_that_waits_goes_when_another_is_cancelled),
    cmocka_unit_test_setup_teardown(server_that_breaks_the_protocol_is_left, rig_setup, rig_teardown),
    cmocka_unit_test_setup_teardown(end_that_comes_with_the_last_answer_is_seen, rig_setup, rig_teardown),
    cmocka_unit_test_setup_teardown(answer_is_taken_though_the_server_takes_nothing_more, rig_setup, rig_teardown),
    cmocka_unit_test_setup_teardown(call_on_a_connection_that_goes_away_is_answered_there, rig_setup, rig_teardown),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
