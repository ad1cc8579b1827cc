/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Reactions in the log: of each user the last one alone has a body and a target, whatever happens in between. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "integration/db/harness.h"
#include "integration/db/proxy.h"

static struct database database;
static struct harness harness;
static struct proxy *proxy;
static struct pair pair;
static struct pl_append *target;

static void begin(void)
{
    harness_open(&harness);
    pair = pair_create(&database, true);
    target = append_new(&harness, &pair, "hello");
}

static int set_up(void **state)
{
    (void)state;
    database_create(&database);
    harness_init(&harness, &database);
    harness.config.sweep_interval_ms = 10;
    harness.config.sweep_pause_ms = 1;
    begin();
    return 0;
}

static int set_up_proxy(void **state)
{
    (void)state;
    database_create(&database);
    harness_init(&harness, &database);
    proxy = proxy_start(&database);
    harness.config.database = proxy_conninfo(proxy);
    begin();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    harness_fini(&harness);
    if (proxy != NULL)
        proxy_stop(proxy);
    proxy = NULL;
    database_drop(&database);
    return 0;
}

/* As ReactToMessage writes it. */
static enum pl_status replace(struct pl_change *change, struct pl_append *append)
{
    const struct pl_message *entry = &append->message;
    struct pl_params *over = pl_change_write(change, PL_STATEMENT_CHANGE_REACTION_OVER);
    pl_params_uuid(over, &entry->chat_id.uuid);
    pl_params_uuid(over, &entry->target_message_id.uuid);
    pl_params_uuid(over, &entry->sender_id.uuid);
    pl_params_int64(over, entry->seq);
    struct pl_params *reacted = pl_change_write(change, PL_STATEMENT_CHANGE_REACTED);
    pl_params_uuid(reacted, &entry->chat_id.uuid);
    pl_params_int64(reacted, target->message.seq);
    pl_params_int16(reacted, PL_FLAG_REACTED);
    append->message.expires_at_us = target->message.expires_at_us;
    return PL_OK;
}

/* Without an emoji it takes back what is there. */
static struct pl_append *reaction_new(const struct pl_user_id *user, const char *emoji)
{
    struct pl_append *append = append_new(&harness, &pair, emoji);
    append->message.sender_id = *user;
    append->message.message_type = 6;
    append->message.entry_kind = PL_ENTRY_REACTION;
    if (append->message.body_bytes == 0) {
        append->message.body_kind = PL_BODY_NONE;
        append->message.body = NULL;
    }
    append->message.target_message_id = target->message.message_id;
    append->change = pl_arena_new(&harness.arena, struct pl_change);
    pl_change_init(append->change, &harness.arena, replace);
    return append;
}

static enum pl_status react(const struct pl_user_id *user, const char *emoji)
{
    return append_run(&harness, reaction_new(user, emoji));
}

static int64_t rows_with(const char *condition)
{
    return database_number(&database, "select count(*) from messages where entry_kind = 7 and %s", condition);
}

static void one_reaction_of_each_user_stands(void **state)
{
    (void)state;
    assert_int_equal(append_run(&harness, target), PL_OK);
    assert_int_equal(react(&pair.low, "a"), PL_OK);
    assert_int_equal(react(&pair.high, "b"), PL_OK);
    assert_int_equal(react(&pair.low, "c"), PL_OK);
    assert_int_equal(rows_with("content = 'b' and seq = 3"), 1);
    assert_int_equal(rows_with("content = 'c' and seq = 4"), 1);
    assert_int_equal(rows_with("seq = 2 and content is null and body_kind = 0 and target_message_id is null"), 1);
    assert_int_equal(react(&pair.low, ""), PL_OK);
    assert_int_equal(rows_with("content is not null"), 1);
    assert_int_equal(rows_with("seq = 5 and target_message_id is not null"), 1);
    assert_int_equal(database_number(&database, "select flags from messages where seq = 1"), PL_FLAG_REACTED);
    assert_log_sound(&database);
}

static void reactions_at_once_leave_the_last_of_each_user(void **state)
{
    (void)state;
    enum { REACTIONS = 100 };
    struct pl_append *reactions[REACTIONS];
    char emoji[16];
    assert_int_equal(append_run(&harness, target), PL_OK);
    unsigned done = harness.done;
    for (unsigned i = 0; i < REACTIONS; i++) {
        snprintf(emoji, sizeof(emoji), "%u", i);
        reactions[i] = reaction_new(i % 2 == 0 ? &pair.low : &pair.high, emoji);
        append_submit(&harness, reactions[i]);
    }
    harness_wait(&harness, done + REACTIONS);
    for (unsigned i = 0; i < REACTIONS; i++)
        assert_int_equal(reactions[i]->status, PL_OK);
    assert_int_equal(rows_with("content is not null or target_message_id is not null"), 2);
    assert_int_equal(rows_with("content = '98' and seq = 100"), 1);
    assert_int_equal(rows_with("content = '99' and seq = 101"), 1);
    assert_log_sound(&database);
}

static void a_reaction_whose_reply_is_lost_happens_once(void **state)
{
    (void)state;
    assert_int_equal(append_run(&harness, target), PL_OK);
    assert_int_equal(react(&pair.high, "a"), PL_OK);
    struct pl_append *reaction = reaction_new(&pair.high, "b");
    struct pl_message_id message_id = reaction->message.message_id;
    proxy_arm(proxy, PROXY_CUT_REPLY);
    enum pl_status status = append_run(&harness, reaction);
    while (status == PL_OUTCOME_UNKNOWN || status == PL_DATABASE_UNAVAILABLE) { /* a slow machine takes its time */
        reaction = reaction_new(&pair.high, "b");
        reaction->message.message_id = message_id;
        status = append_run(&harness, reaction);
    }
    assert_int_equal(status, PL_OK);
    assert_true(reaction->resend);
    assert_int_equal(rows_with("true"), 2);
    assert_int_equal(rows_with("content = 'b' and seq = 3"), 1);
}

static void a_message_with_reactions_is_sent_again(void **state)
{
    (void)state;
    assert_int_equal(append_run(&harness, target), PL_OK);
    assert_int_equal(react(&pair.high, "a"), PL_OK);
    struct pl_append *again = append_again(&harness, target);
    assert_int_equal(append_run(&harness, again), PL_OK);
    assert_true(again->resend);
    assert_int_equal(again->message.seq, 1);
    struct pl_append *other = append_again(&harness, target);
    other->message.flags = PL_FLAG_URGENT;
    assert_int_equal(append_run(&harness, other), PL_MESSAGE_ID_REUSED);
}

static void neither_reacts_while_one_blocks(void **state)
{
    (void)state;
    assert_int_equal(append_run(&harness, target), PL_OK);
    database_execute(&database, "update chats set blocked_by = 1");
    assert_int_equal(react(&pair.low, "a"), PL_RECIPIENT_BLOCKED);
    assert_int_equal(react(&pair.high, "a"), PL_RECIPIENT_UNAVAILABLE);
    assert_int_equal(rows_with("true"), 0);
    database_execute(&database, "update chats set blocked_by = 0, who_may_send = 1");
    assert_int_equal(react(&pair.high, "a"), PL_OK);
}

/* They do not keep the rows of the log from leaving. */
static void reactions_are_over_with_their_message(void **state)
{
    (void)state;
    database_execute(&database, "update chats set message_ttl = 3600");
    assert_int_equal(append_run(&harness, target), PL_OK);
    assert_int_equal(react(&pair.high, "a"), PL_OK);
    assert_int_equal(react(&pair.high, "b"), PL_OK);
    assert_int_equal(react(&pair.low, "c"), PL_OK);
    assert_int_equal(react(&pair.low, ""), PL_OK);
    assert_int_equal(database_number(&database, "select count(distinct expires_at) from messages"), 1);
    database_execute(&database, "insert into apps (app_id, name) values ('%s', 'x')", uuid_text(&pair.app_id.uuid));
    database_execute(&database, "update messages set expires_at = now(), created_at = created_at - interval '2 days'");
    int64_t end_us = pl_clock_now_us() + INT64_C(60000000);
    while (database_number(&database, "select first_seq from chats") != 6)
        assert_true(pl_clock_now_us() < end_us);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_reaction_of_each_user_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reactions_at_once_leave_the_last_of_each_user, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reaction_whose_reply_is_lost_happens_once, set_up_proxy, tear_down),
        cmocka_unit_test_setup_teardown(a_message_with_reactions_is_sent_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(neither_reacts_while_one_blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reactions_are_over_with_their_message, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
