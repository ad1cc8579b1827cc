/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Who is told of an account's news, and what becomes of news that cannot be stored. */
#include "delivery/account.h"
#include "support/cmocka.h"
#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CHAT = 3, AGAIN_MS = 1000 };

static int set_up(void **state)
{
    world_set_up(state);
    world->db.hold_appends = true;
    return 0;
}

static void tell_both(void)
{
    const struct pl_user_id users[] = {user_id(ALICE), user_id(BOB)};
    struct pl_account_news news = {
        .app_id = {id_of('a', 1)},
        .event = PL_ACCOUNT_CHAT_JOINED,
        .subject = chat_id(CHAT).uuid,
        .seq = 7,
        .users = users,
        .count = 2,
    };
    pl_account_tell(world->server.hub, &news);
    world_settle();
}

static void come_home(struct pl_task *task)
{
    struct pl_append *append = pl_container_of(task, struct pl_append, task);
    append->done(append);
}

/* The one append that waits is for this user; it ends like this. */
static void answer(int user, enum pl_status status)
{
    struct pl_task *task = STAILQ_FIRST(&world->db.appends);
    assert_non_null(task);
    STAILQ_REMOVE_HEAD(&world->db.appends, next);
    assert_true(STAILQ_EMPTY(&world->db.appends));
    struct pl_append *append = pl_container_of(task, struct pl_append, task);
    assert_int_equal(number_of(&append->message.recipient_id.uuid), user);
    append->status = status;
    task->run = come_home;
    pl_mailbox_post(append->home, task);
    world_settle();
}

static void assert_nobody_waits(void)
{
    assert_true(STAILQ_EMPTY(&world->db.appends));
}

static void users_are_told_one_after_another(void **state)
{
    (void)state;
    tell_both();
    answer(ALICE, PL_OK);
    answer(BOB, PL_OK);
    assert_nobody_waits();
}

static void news_that_may_be_stored_later_are_told_again(void **state)
{
    static const enum pl_status later[] = {PL_OVERLOADED, PL_DATABASE_UNAVAILABLE, PL_OUTCOME_UNKNOWN};
    (void)state;
    tell_both();
    for (unsigned i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        answer(ALICE, later[i]);
        assert_nobody_waits();
        world_pass_ms(AGAIN_MS);
    }
    answer(ALICE, PL_OK);
    answer(BOB, PL_OK);
    assert_nobody_waits();
}

static void news_that_cannot_be_stored_are_not_waited_for(void **state)
{
    (void)state;
    tell_both();
    answer(ALICE, PL_INTERNAL);
    answer(BOB, PL_OK);
    assert_nobody_waits();
}

static void news_are_given_up_when_the_server_ends(void **state)
{
    (void)state;
    tell_both();
    answer(ALICE, PL_DRAINING);
    world_pass_ms(AGAIN_MS);
    assert_nobody_waits();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(users_are_told_one_after_another, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(news_that_may_be_stored_later_are_told_again, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(news_that_cannot_be_stored_are_not_waited_for, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(news_are_given_up_when_the_server_ends, set_up, world_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
