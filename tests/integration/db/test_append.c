/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What the log promises: order without gaps, one place for a message, members only. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "integration/db/harness.h"

static struct database database;
static struct harness harness;

static int set_up(void **state)
{
    (void)state;
    database_create(&database);
    harness_init(&harness, &database);
    harness_open(&harness);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    harness_fini(&harness);
    database_drop(&database);
    return 0;
}

static void entries_get_seq_prev_time_and_recipient(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    struct pl_append *first = append_new(&harness, &pair, "one");
    struct pl_append *second = append_new(&harness, &pair, "two");
    assert_int_equal(append_run(&harness, first), PL_OK);
    assert_int_equal(append_run(&harness, second), PL_OK);
    assert_int_equal(first->message.seq, 1);
    assert_true(pl_uuid_is_nil(&first->message.prev_message_id.uuid));
    assert_true(pl_uuid_equal(&first->message.recipient_id.uuid, &pair.high.uuid));
    assert_int_equal(second->message.seq, 2);
    assert_true(pl_uuid_equal(&second->message.prev_message_id.uuid, &first->message.message_id.uuid));
    assert_true(second->message.created_at_us >= first->message.created_at_us);
    assert_int_equal(database_number(&database,
                                     "select (extract(epoch from created_at) * 1000000)::bigint from messages"
                                     " where seq = 2"),
                     second->message.created_at_us);
    assert_int_equal(harness_heard(&harness, HEARD_COMMITTED), 2);
    assert_log_sound(&database);
}

static void all_fields_are_stored(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    struct pl_append *append = append_new(&harness, &pair, "");
    append->message.body_kind = PL_BODY_ENCRYPTED;
    append->message.body = "\0\1\2";
    append->message.body_bytes = 3;
    append->message.message_type = 2;
    append->message.sender_device_id.uuid = pl_uuid_v7();
    append->message.media_id.uuid = pl_uuid_v7();
    struct pl_append *asked = append_new(&harness, &pair, "asked");
    assert_int_equal(append_run(&harness, asked), PL_OK);
    append->message.reply_to_message_id = asked->message.message_id;
    append->message.metadata = "meta";
    append->message.metadata_bytes = 4;
    assert_int_equal(append_run(&harness, append), PL_OK);
    assert_int_equal(database_number(&database,
                                     "select count(*) from messages where body_kind = 2 and content = '\\x000102'"
                                     " and message_type = 2 and sender_device_id = '%s' and media_id = '%s'"
                                     " and reply_to_message_id = '%s' and metadata = 'meta'",
                                     uuid_text(&append->message.sender_device_id.uuid),
                                     uuid_text(&append->message.media_id.uuid),
                                     uuid_text(&append->message.reply_to_message_id.uuid)),
                     1);
}

static void resend_returns_first_seq(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    struct pl_append *first = append_new(&harness, &pair, "one");
    struct pl_append *second = append_new(&harness, &pair, "two");
    append_run(&harness, first);
    append_run(&harness, second);
    struct pl_append *again = append_again(&harness, second);
    assert_int_equal(append_run(&harness, again), PL_OK);
    assert_true(again->resend);
    assert_int_equal(again->message.seq, 2);
    assert_int_equal(again->message.created_at_us, second->message.created_at_us);
    assert_true(pl_uuid_equal(&again->message.prev_message_id.uuid, &first->message.message_id.uuid));
    harness_wait_heard(&harness, HEARD_ADVANCED, pair.chat_id, 2);
    assert_int_equal(harness_heard(&harness, HEARD_COMMITTED), 2);
    assert_int_equal(pl_metrics_get(&harness.metrics, PL_METRIC_messages_resent_total), 1);
    assert_int_equal(pl_metrics_get(&harness.metrics, PL_METRIC_messages_appended_total), 2);
}

/* All are queued before the writer can have taken the first batch's end. */
static void resends_in_one_burst_return_one_seq(void **state)
{
    (void)state;
    enum { COPIES = 20 };
    struct pair pair = pair_create(&database, true);
    struct pl_append *copies[COPIES];
    copies[0] = append_new(&harness, &pair, "one");
    for (unsigned i = 1; i < COPIES; i++)
        copies[i] = append_again(&harness, copies[0]);
    for (unsigned i = 0; i < COPIES; i++)
        append_submit(&harness, copies[i]);
    harness_wait(&harness, COPIES);
    for (unsigned i = 0; i < COPIES; i++) {
        assert_int_equal(copies[i]->status, PL_OK);
        assert_int_equal(copies[i]->message.seq, 1);
        assert_int_equal(copies[i]->resend, i > 0);
    }
    assert_log_sound(&database);
}

static struct pl_append *append_from(const struct pl_user_id *sender, const struct pair *pair, bool may_create)
{
    struct pl_append *append = append_new(&harness, pair, "text");
    append->message.sender_id = *sender;
    append->message.recipient_id = sender == &pair->low ? pair->high : pair->low;
    append->app_id = may_create ? pair->app_id : (struct pl_app_id){{{0}}};
    return append;
}

static void neither_appends_while_one_blocks(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    database_execute(&database, "update chats set blocked_by = 1");
    assert_int_equal(append_run(&harness, append_from(&pair.low, &pair, false)), PL_RECIPIENT_BLOCKED);
    assert_int_equal(append_run(&harness, append_from(&pair.high, &pair, false)), PL_RECIPIENT_UNAVAILABLE);
    database_execute(&database, "update chats set blocked_by = 3");
    assert_int_equal(append_run(&harness, append_from(&pair.high, &pair, false)), PL_RECIPIENT_BLOCKED);
    database_execute(&database, "update chats set blocked_by = 0");
    assert_int_equal(append_run(&harness, append_from(&pair.high, &pair, false)), PL_OK);
    assert_log_sound(&database);
}

/* In one batch with a chat that is created. */
static void no_chat_is_created_while_one_blocks(void **state)
{
    (void)state;
    struct pair blocked = pair_create(&database, false);
    struct pair other = pair_create(&database, false);
    database_execute(&database, "insert into blocks (user_id, blocked_user_id) values ('%s', '%s')",
                     uuid_text(&blocked.high.uuid), uuid_text(&blocked.low.uuid));
    struct pl_append *appends[] = {append_from(&blocked.low, &blocked, true), append_from(&other.low, &other, true),
                                   append_from(&blocked.high, &blocked, true)};
    for (unsigned i = 0; i < 3; i++)
        append_submit(&harness, appends[i]);
    harness_wait(&harness, 3);
    assert_int_equal(appends[0]->status, PL_RECIPIENT_UNAVAILABLE);
    assert_int_equal(appends[1]->status, PL_OK);
    assert_int_equal(appends[2]->status, PL_RECIPIENT_BLOCKED);
    assert_int_equal(database_number(&database, "select count(*) from chats"), 1);
    assert_int_equal(database_number(&database, "select count(*) from participants"), 2);
}

static void same_id_with_other_bytes_or_sender_is_refused(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    struct pl_append *first = append_new(&harness, &pair, "one");
    append_run(&harness, first);
    struct pl_append *other_body = append_again(&harness, first);
    other_body->message.body = "two";
    assert_int_equal(append_run(&harness, other_body), PL_MESSAGE_ID_REUSED);
    struct pl_append *other_reply = append_again(&harness, first);
    other_reply->message.reply_to_message_id.uuid = pl_uuid_v7();
    assert_int_equal(append_run(&harness, other_reply), PL_MESSAGE_ID_REUSED);
    struct pl_append *other_media = append_again(&harness, first);
    other_media->message.media_id.uuid = pl_uuid_v7();
    assert_int_equal(append_run(&harness, other_media), PL_MESSAGE_ID_REUSED);
    struct pl_append *other_metadata = append_again(&harness, first);
    other_metadata->message.metadata = "x";
    other_metadata->message.metadata_bytes = 1;
    assert_int_equal(append_run(&harness, other_metadata), PL_MESSAGE_ID_REUSED);
    struct pl_append *other_kind = append_again(&harness, first);
    other_kind->message.body_kind = PL_BODY_ENCRYPTED;
    assert_int_equal(append_run(&harness, other_kind), PL_MESSAGE_ID_REUSED);
    struct pl_append *other_type = append_again(&harness, first);
    other_type->message.message_type = 2;
    assert_int_equal(append_run(&harness, other_type), PL_MESSAGE_ID_REUSED);
    struct pl_append *other_sender = append_again(&harness, first);
    other_sender->message.sender_id = pair.high;
    assert_int_equal(append_run(&harness, other_sender), PL_MESSAGE_ID_REUSED);
    assert_int_equal(pl_metrics_get(&harness.metrics, PL_METRIC_messages_refused_total + PL_MESSAGE_ID_REUSED - 1), 7);
}

static void stranger_and_missing_chat_are_not_members(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    struct pl_append *stranger = append_new(&harness, &pair, "one");
    stranger->message.sender_id.uuid = pl_uuid_v7();
    assert_int_equal(append_run(&harness, stranger), PL_NOT_A_MEMBER);
    pair.chat_id.uuid = pl_uuid_v7();
    assert_int_equal(append_run(&harness, append_new(&harness, &pair, "one")), PL_NOT_A_MEMBER);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 0);
}

static void order_of_a_chat_is_kept_over_many_batches(void **state)
{
    (void)state;
    enum { MESSAGES = 1000 };
    struct pair pair = pair_create(&database, true);
    struct pl_append *appends[MESSAGES];
    for (unsigned i = 0; i < MESSAGES; i++)
        appends[i] = append_new(&harness, &pair, "text");
    for (unsigned i = 0; i < MESSAGES; i++)
        append_submit(&harness, appends[i]);
    harness_wait(&harness, MESSAGES);
    for (unsigned i = 0; i < MESSAGES; i++)
        assert_int_equal(appends[i]->message.seq, i + 1);
    for (unsigned i = 0; i < MESSAGES; i++)
        assert_int_equal(harness.heard[i].seq, i + 1);
    assert_log_sound(&database);
}

static void large_bodies_of_many_chats_are_stored(void **state)
{
    (void)state;
    enum { MESSAGES = 60 };
    static char body[256 << 10];
    memset(body, 'x', sizeof(body));
    for (unsigned i = 0; i < MESSAGES; i++) {
        static struct pair pair;
        if (i % 10 == 0)
            pair = pair_create(&database, true);
        struct pl_append *append = append_new(&harness, &pair, "");
        append->message.body = body;
        append->message.body_bytes = sizeof(body);
        append_submit(&harness, append);
    }
    harness_wait(&harness, MESSAGES);
    assert_int_equal(database_number(&database, "select count(*) from messages where length(content) = 262144"),
                     MESSAGES);
    assert_log_sound(&database);
}

/* A constraint of the test stands for whatever PostgreSQL may refuse about a row. */
static void bad_row_fails_alone(void **state)
{
    (void)state;
    enum { MESSAGES = 100 };
    struct pl_append *appends[MESSAGES];
    struct pair pair = pair_create(&database, true);
    struct pair other = pair_create(&database, true);
    database_execute(&database, "alter table messages add constraint no_poison check (content <> 'poison')");
    for (unsigned i = 0; i < MESSAGES; i++)
        appends[i] = append_new(&harness, i % 2 == 0 ? &pair : &other, i == 33 || i == 70 ? "poison" : "fine");
    for (unsigned i = 0; i < MESSAGES; i++)
        append_submit(&harness, appends[i]);
    harness_wait(&harness, MESSAGES);
    for (unsigned i = 0; i < MESSAGES; i++)
        assert_int_equal(appends[i]->status, i == 33 || i == 70 ? PL_INVALID_ARGUMENT : PL_OK);
    assert_int_equal(database_number(&database, "select count(*) from messages"), MESSAGES - 2);
    assert_log_sound(&database);
}

static void removed_member_gets_nothing_in_behind_his_removal(void **state)
{
    (void)state;
    enum { LATE = 10, MESSAGES = 2000 + LATE };
    struct pair pair = pair_create(&database, true);
    unsigned stored = 0;
    static struct pl_append *appends[MESSAGES];
    for (unsigned i = 0; i < MESSAGES; i++)
        appends[i] = append_new(&harness, &pair, "text");
    for (unsigned i = 0; i < MESSAGES - LATE; i++)
        append_submit(&harness, appends[i]);
    harness_wait(&harness, MESSAGES / 10);
    database_execute(&database,
                     "begin; select 1 from chats where chat_id = '%s' for update;"
                     "update participants set left_seq = (select last_seq from chats where chat_id = '%s')"
                     " where user_id = '%s'; commit",
                     uuid_text(&pair.chat_id.uuid), uuid_text(&pair.chat_id.uuid), uuid_text(&pair.low.uuid));
    for (unsigned i = MESSAGES - LATE; i < MESSAGES; i++)
        append_submit(&harness, appends[i]);
    harness_wait(&harness, MESSAGES);
    for (unsigned i = 0; i < MESSAGES; i++) {
        assert_true(appends[i]->status == PL_OK || appends[i]->status == PL_NOT_A_MEMBER);
        stored += appends[i]->status == PL_OK;
    }
    assert_in_range(stored, 1, MESSAGES - LATE);
    assert_int_equal(database_number(&database, "select count(*) from messages m join participants p using (chat_id)"
                                                " where p.user_id = m.sender_id and m.seq > p.left_seq"),
                     0);
    assert_int_equal(database_number(&database, "select count(*) from messages"), stored);
    /* What was stored before converges for him, too. */
    assert_int_equal(append_run(&harness, append_again(&harness, appends[0])), PL_OK);
}

static void time_never_falls_when_the_clock_steps_back(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    database_execute(&database, "update chats set last_message_at = '2100-01-01 00:00:00+00'");
    struct pl_append *append = append_new(&harness, &pair, "text");
    assert_int_equal(append_run(&harness, append), PL_OK);
    assert_int_equal(append->message.created_at_us, INT64_C(4102444800000000));
}

static void first_message_creates_the_chat(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, false);
    struct pl_append *first = append_new(&harness, &pair, "one");
    struct pl_append *second = append_new(&harness, &pair, "two");
    first->app_id = second->app_id = pair.app_id;
    first->message.recipient_id = second->message.recipient_id = pair.high;
    append_submit(&harness, first);
    append_submit(&harness, second);
    harness_wait(&harness, 2);
    assert_int_equal(first->status, PL_OK);
    assert_int_equal(first->message.seq, 1);
    assert_int_equal(second->message.seq, 2);
    assert_int_equal(harness_heard(&harness, HEARD_JOINED), 2);
    assert_int_equal(database_number(&database, "select count(*) from participants where role = 3 and joined_seq = 0"
                                                " and visible_from = 1"),
                     2);
    assert_int_equal(database_number(&database, "select count(*) from user_chats"), 2);
    assert_int_equal(database_number(&database, "select count(*) from chats where user_low < user_high"), 1);
}

static void unknown_recipient_creates_nothing(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, false);
    struct pair elsewhere = pair_create(&database, false);
    struct pl_append *append = append_new(&harness, &pair, "one");
    append->app_id = pair.app_id;
    append->message.recipient_id = elsewhere.low; /* a user, but of another app */
    assert_int_equal(append_run(&harness, append), PL_USER_NOT_FOUND);
    assert_int_equal(database_number(&database, "select count(*) from chats"), 0);
    assert_int_equal(database_number(&database, "select count(*) from user_chats"), 0);
    assert_int_equal(harness_heard(&harness, HEARD_JOINED), 0);
}

static void deadline_that_passed_is_not_begun(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    struct pl_append *append = append_new(&harness, &pair, "one");
    append->deadline_us = pl_clock_now_us() - 1;
    assert_int_equal(append_run(&harness, append), PL_DEADLINE_EXCEEDED);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 0);
}

static void close_finishes_what_was_submitted(void **state)
{
    (void)state;
    enum { MESSAGES = 500 };
    struct pair pair = pair_create(&database, true);
    for (unsigned i = 0; i < MESSAGES; i++)
        append_submit(&harness, append_new(&harness, &pair, "text"));
    harness_close(&harness);
    assert_int_equal(harness.done, MESSAGES);
    assert_int_equal(database_number(&database, "select count(*) from messages"), MESSAGES);
    assert_int_equal(pl_metrics_get(&harness.metrics, PL_METRIC_append_queue), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_get_seq_prev_time_and_recipient, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_fields_are_stored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(resend_returns_first_seq, set_up, tear_down),
        cmocka_unit_test_setup_teardown(resends_in_one_burst_return_one_seq, set_up, tear_down),
        cmocka_unit_test_setup_teardown(neither_appends_while_one_blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_chat_is_created_while_one_blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(same_id_with_other_bytes_or_sender_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stranger_and_missing_chat_are_not_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(order_of_a_chat_is_kept_over_many_batches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_bodies_of_many_chats_are_stored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_row_fails_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removed_member_gets_nothing_in_behind_his_removal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(time_never_falls_when_the_clock_steps_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(first_message_creates_the_chat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_recipient_creates_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deadline_that_passed_is_not_begun, set_up, tear_down),
        cmocka_unit_test_setup_teardown(close_finishes_what_was_submitted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
