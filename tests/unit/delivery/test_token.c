/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How long a stream may go on: the end of its token, newer tokens, and revocation by way of the database alone. */
#include "support/cmocka.h"

#include <string.h>

#include "auth/token_check.h"
#include "base/clock.h"
#include "delivery/session.h"
#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CHAT = 3, ALICES = 1, BOBS = 2, TABLET = 4, HOUR_MS = 3600000, OLD_KEY = 1, NEW_KEY = 2 };

/* ---- server/auth, in its place at link time: answers are the test's, now or when it says so ---- */

static struct {
    struct pl_token_check *waiting;
    bool is_held;
    char token[32];
    enum pl_status status;
    struct pl_principal principal;
} checker;

static void answer(void)
{
    struct pl_token_check *check = checker.waiting;
    checker.waiting = NULL;
    check->status = checker.status;
    check->principal = checker.principal;
    check->done(check);
}

void pl_token_check_begin(struct pl_auth *auth, struct pl_token_check *check)
{
    (void)auth;
    assert_null(checker.waiting);
    assert_true(check->deadline_us > pl_clock_now_us());
    strncpy(checker.token, check->token, sizeof(checker.token) - 1);
    checker.waiting = check;
    if (!checker.is_held)
        answer();
}

static int set_up(void **state)
{
    world_set_up(state);
    memset(&checker, 0, sizeof(checker));
    world->db.chats[CHAT].members = 1U << ALICE | 1U << BOB;
    return 0;
}

/* What a good newer token of the stream's device says. */
static void accept_token(const struct pl_call *stream, int64_t life_ms)
{
    checker.status = PL_OK;
    checker.principal = stream->principal;
    checker.principal.key_id.uuid = id_of('k', NEW_KEY);
    checker.principal.issued_at_us = pl_clock_wall_us();
    checker.principal.expires_at_us = pl_clock_wall_us() + life_ms * 1000;
}

static void reauth(struct pl_call *stream, const char *token)
{
    Parley__V1__Reauth request = PARLEY__V1__REAUTH__INIT;
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    request.token = (char *)(uintptr_t)token;
    frame.reauth = &request;
    stream_receive(stream, &frame);
    world_settle();
}

static unsigned expirings(const struct pl_call *stream)
{
    unsigned count = 0;
    for (unsigned i = 0; i < stream->frame_count; i++)
        count += stream->frames[i]->token_expiring != NULL;
    return count;
}

/* ---- the token's end ---- */

static void expiring_is_told_a_minute_before(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    world_pass_ms(HOUR_MS - 60001);
    assert_int_equal(expirings(bob), 0);
    world_pass_ms(1);
    assert_int_equal(expirings(bob), 1);
    assert_int_equal(stream_last(bob)->token_expiring->expires_at->seconds, bob->principal.expires_at_us / 1000000);
    world_pass_ms(59999);
    assert_int_equal(expirings(bob), 1);
    assert_false(bob->is_failed);
    world_pass_ms(1);
    assert_failed(bob, PL_TOKEN_EXPIRED);
}

static void expiring_of_a_short_life_is_told_a_tenth_before(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    accept_token(bob, 100000);
    reauth(bob, "short");
    world_pass_ms(89999);
    assert_int_equal(expirings(bob), 0);
    world_pass_ms(1);
    assert_int_equal(expirings(bob), 1);
    world_pass_ms(10000);
    assert_failed(bob, PL_TOKEN_EXPIRED);
}

static void stream_opened_late_is_told_at_once(void **state)
{
    (void)state;
    struct pl_call *bob = stream_open(BOB, BOBS);
    struct pl_session *session = bob->owner;
    session->principal.issued_at_us -= INT64_C(7200000000);
    session->principal.expires_at_us = pl_clock_wall_us() + 30000000;
    stream_hello(bob);
    world_settle();
    assert_non_null(bob->frames[0]->welcome);
    assert_int_equal(expirings(bob), 1);
    world_pass_ms(30000);
    assert_failed(bob, PL_TOKEN_EXPIRED);
}

/* ---- a newer token ---- */

static void stream_goes_on_with_a_newer_token(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    world_pass_ms(HOUR_MS - 60000);
    assert_int_equal(expirings(bob), 1);
    accept_token(bob, HOUR_MS);
    reauth(bob, "newer");
    assert_string_equal(checker.token, "newer");
    world_pass_ms(HOUR_MS - 60001);
    assert_int_equal(expirings(bob), 1);
    assert_false(bob->is_failed);
    world_pass_ms(1);
    assert_int_equal(expirings(bob), 2);
    world_say(CHAT, ALICE, ALICES, "still there");
    world_settle();
    assert_has(bob, CHAT, 1);
    world_pass_ms(60000);
    assert_failed(bob, PL_TOKEN_EXPIRED);
}

static void token_of_another_device_ends_the_stream(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        struct pl_call *bob = stream_start(BOB, BOBS);
        accept_token(bob, HOUR_MS);
        if (which == 0)
            checker.principal.device_id = device_id(TABLET);
        else if (which == 1)
            checker.principal.user_id = user_id(ALICE);
        else
            checker.principal.app_id.uuid = id_of('a', 2);
        reauth(bob, "another's");
        assert_failed(bob, PL_TOKEN_INVALID);
        assert_string_equal(stream_going_away(bob)->reason, "TOKEN_INVALID");
        stream_close(bob);
    }
}

static void bad_token_ends_the_stream(void **state)
{
    static const enum pl_status statuses[] = {PL_TOKEN_INVALID, PL_TOKEN_EXPIRED, PL_DEVICE_REVOKED,
                                              PL_USER_DEACTIVATED};
    (void)state;
    for (unsigned i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct pl_call *bob = stream_start(BOB, BOBS);
        checker.status = statuses[i];
        reauth(bob, "bad");
        assert_failed(bob, statuses[i]);
        stream_close(bob);
    }
}

static void token_that_cannot_be_checked_leaves_the_old_one(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    checker.status = PL_DATABASE_UNAVAILABLE;
    reauth(bob, "early");
    assert_int_equal(expirings(bob), 0);
    world_pass_ms(HOUR_MS - 60000);
    assert_int_equal(expirings(bob), 1);
    reauth(bob, "late");
    assert_int_equal(expirings(bob), 1);
    world_pass_ms(1000);
    assert_int_equal(expirings(bob), 2);
    accept_token(bob, HOUR_MS);
    reauth(bob, "at last");
    world_pass_ms(60000);
    assert_false(bob->is_failed);
}

static void token_that_cannot_be_checked_does_not_outlive_the_old_one(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    world_pass_ms(HOUR_MS - 500);
    checker.status = PL_DATABASE_UNAVAILABLE;
    reauth(bob, "too late");
    world_pass_ms(1000);
    assert_failed(bob, PL_TOKEN_EXPIRED);
}

static void one_reauth_at_a_time(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    checker.is_held = true;
    reauth(bob, "first");
    reauth(bob, "second");
    assert_failed(bob, PL_INVALID_ARGUMENT);
    accept_token(bob, HOUR_MS);
    answer();
    stream_close(bob);
}

static void answer_to_a_stream_that_is_over_is_nothing(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    checker.is_held = true;
    reauth(bob, "newer");
    world_pass_ms(HOUR_MS);
    assert_failed(bob, PL_TOKEN_EXPIRED);
    stream_close(bob);
    world_settle();
    accept_token(bob, HOUR_MS);
    answer();
}

static void end_in_work_is_not_put_off_by_a_token(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    bob->is_slow = true;
    checker.is_held = true;
    reauth(bob, "newer");
    world_say(CHAT, ALICE, ALICES, "in flight");
    world_pass_ms(HOUR_MS);
    accept_token(bob, HOUR_MS);
    answer();
    world_pass_ms(2000);
    assert_failed(bob, PL_TOKEN_EXPIRED);
}

/* ---- revocation ---- */

static void revoked_device_ends_within_5_s(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    struct pl_call *tablet = stream_start(BOB, TABLET);
    world_pass_ms(10000);
    world->db.revoked_devices = 1U << BOBS;
    world_pass_ms(4999);
    assert_failed(bob, PL_DEVICE_REVOKED);
    assert_string_equal(stream_going_away(bob)->reason, "DEVICE_REVOKED");
    assert_int_equal(stream_going_away(bob)->reconnect_after_ms, 0);
    assert_false(tablet->is_failed);
}

/* Whatever becomes of their devices beside it. */
static void deactivated_users_streams_end_within_5_s(void **state)
{
    (void)state;
    struct pl_call *alice = stream_start(ALICE, ALICES);
    struct pl_call *bob = stream_start(BOB, BOBS);
    struct pl_call *tablet = stream_start(BOB, TABLET);
    world_pass_ms(10000);
    world->db.deactivated_users = 1U << BOB;
    world->db.revoked_devices = 1U << TABLET;
    world_pass_ms(4999);
    assert_failed(bob, PL_USER_DEACTIVATED);
    assert_int_equal(stream_going_away(bob)->reconnect_after_ms, 0);
    assert_failed(tablet, PL_DEVICE_REVOKED);
    assert_false(alice->is_failed);
}

static void revoked_key_ends_within_5_s(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    world_pass_ms(10000);
    world->db.revoked_keys = 1U << OLD_KEY;
    world_pass_ms(4999);
    assert_failed(bob, PL_TOKEN_INVALID);
}

/* The door may have known the device for 5 s. */
static void new_stream_is_looked_after_at_once(void **state)
{
    (void)state;
    world->db.revoked_devices = 1U << BOBS;
    struct pl_call *bob = stream_start(BOB, BOBS);
    assert_failed(bob, PL_DEVICE_REVOKED);
}

static void newer_tokens_key_counts(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    accept_token(bob, HOUR_MS);
    reauth(bob, "newer");
    world->db.revoked_keys = 1U << OLD_KEY;
    world_pass_ms(10000);
    assert_false(bob->is_failed);
    world->db.revoked_keys = 1U << NEW_KEY;
    world_pass_ms(4999);
    assert_failed(bob, PL_TOKEN_INVALID);
}

/* Every 4 s, and no more often for many. */
static void sessions_of_a_loop_are_asked_for_together(void **state)
{
    (void)state;
    enum { DEVICES = 8 };
    for (int i = 0; i < DEVICES; i++)
        stream_hello(stream_open_on(BOB, i, 0));
    world_settle();
    unsigned before = world->db.queries[PL_STATEMENT_SESSIONS_REVOKED];
    for (int i = 0; i < 40; i++)
        world_pass_ms(100);
    assert_int_equal(world->db.queries[PL_STATEMENT_SESSIONS_REVOKED] - before, 1);
    world->db.revoked_devices = 1U << 2 | 1U << 5;
    for (int i = 0; i < 40; i++)
        world_pass_ms(100);
    assert_int_equal(world->db.queries[PL_STATEMENT_SESSIONS_REVOKED] - before, 2);
    for (unsigned i = 0; i < DEVICES; i++)
        assert_int_equal(world->streams[i]->is_failed, i == 2 || i == 5);
}

static void sessions_that_came_apart_are_asked_for_together(void **state)
{
    (void)state;
    enum { DEVICES = 8 };
    for (int i = 0; i < DEVICES; i++) {
        stream_hello(stream_open_on(BOB, i, 0));
        world_pass_ms(100);
    }
    unsigned before = world->db.queries[PL_STATEMENT_SESSIONS_REVOKED];
    for (int i = 0; i < 80; i++)
        world_pass_ms(100);
    assert_int_equal(world->db.queries[PL_STATEMENT_SESSIONS_REVOKED] - before, 2);
}

static void stream_goes_on_while_the_database_is_away(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    world->db.refusals[PL_STATEMENT_SESSIONS_REVOKED] = PL_DATABASE_UNAVAILABLE;
    world->db.revoked_devices = 1U << BOBS;
    for (int i = 0; i < 100; i++)
        world_pass_ms(100);
    assert_false(bob->is_failed);
    world->db.refusals[PL_STATEMENT_SESSIONS_REVOKED] = PL_OK;
    world_pass_ms(500);
    assert_failed(bob, PL_DEVICE_REVOKED);
}

static void stream_may_close_while_it_is_asked_for(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    struct pl_call *tablet = stream_open_on(BOB, TABLET, BOBS % LOOPS);
    stream_hello(tablet);
    world_settle();
    fake_db_hold(&world->db, PL_STATEMENT_SESSIONS_REVOKED, HOLD_BEFORE);
    world_pass_ms(5000);
    stream_close(bob);
    world_settle();
    world->db.revoked_devices = 1U << BOBS | 1U << TABLET;
    fake_db_release_all(&world->db);
    world_settle();
    assert_false(bob->is_failed);
    assert_failed(tablet, PL_DEVICE_REVOKED);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(expiring_is_told_a_minute_before),
        TEST(expiring_of_a_short_life_is_told_a_tenth_before),
        TEST(stream_opened_late_is_told_at_once),
        TEST(stream_goes_on_with_a_newer_token),
        TEST(token_of_another_device_ends_the_stream),
        TEST(bad_token_ends_the_stream),
        TEST(token_that_cannot_be_checked_leaves_the_old_one),
        TEST(token_that_cannot_be_checked_does_not_outlive_the_old_one),
        TEST(one_reauth_at_a_time),
        TEST(answer_to_a_stream_that_is_over_is_nothing),
        TEST(end_in_work_is_not_put_off_by_a_token),
        TEST(revoked_device_ends_within_5_s),
        TEST(deactivated_users_streams_end_within_5_s),
        TEST(revoked_key_ends_within_5_s),
        TEST(new_stream_is_looked_after_at_once),
        TEST(newer_tokens_key_counts),
        TEST(sessions_of_a_loop_are_asked_for_together),
        TEST(sessions_that_came_apart_are_asked_for_together),
        TEST(stream_goes_on_while_the_database_is_away),
        TEST(stream_may_close_while_it_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
