/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Changes: appends that read, decide and write under the lock of their chat. */
#include <string.h>

#include "integration/db/harness.h"
#include "integration/db/proxy.h"

static struct database database;
static struct harness harness;
static struct proxy *proxy;
static unsigned decided;

static int set_up(void **state)
{
    (void)state;
    database_create(&database);
    harness_init(&harness, &database);
    harness_open(&harness);
    decided = 0;
    return 0;
}

static int set_up_proxy(void **state)
{
    (void)state;
    database_create(&database);
    harness_init(&harness, &database);
    proxy = proxy_start(&database);
    harness.config.database = proxy_conninfo(proxy);
    harness_open(&harness);
    decided = 0;
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

static struct pl_append *change_new(struct pair *pair,
                                    enum pl_status (*decide)(struct pl_change *change, struct pl_append *append))
{
    struct pl_append *append = append_new(&harness, pair, "");
    append->message.sender_id = pair->high;
    append->message.message_type = 6;
    append->message.entry_kind = PL_ENTRY_MEMBERS;
    append->message.body_kind = PL_BODY_EVENT;
    append->message.body = NULL;
    append->change = pl_arena_new(&harness.arena, struct pl_change);
    pl_change_init(append->change, &harness.arena, decide);
    pl_params_uuid(pl_change_read(append->change, PL_STATEMENT_CHANGE_MEMBERS), &pair->chat_id.uuid);
    return append;
}

/* Runs it, and like a client once more what has an unknown outcome: a slow machine may take three seconds. */
static struct pl_append *change_insist(struct pair *pair,
                                       enum pl_status (*decide)(struct pl_change *change, struct pl_append *append))
{
    struct pl_append *first = change_new(pair, decide);
    struct pl_append *append = first;
    enum pl_status status;
    while ((status = append_run(&harness, append)) == PL_OUTCOME_UNKNOWN || status == PL_DATABASE_UNAVAILABLE) {
        append = change_new(pair, decide);
        append->message.message_id = first->message.message_id;
    }
    assert_int_equal(status, PL_OK);
    return append;
}

static void put_users(struct pl_params *params, const struct pl_uuid *user)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, 1);
    pl_array_uuid(&array, user);
    pl_array_end(&array);
}

/* Everybody but the sender leaves. */
static enum pl_status remove_others(struct pl_change *change, struct pl_append *append)
{
    decided++;
    const struct pl_rows *members = &change->reads[0].rows;
    append->message.body = "event";
    append->message.body_bytes = 5;
    for (int row = 0; row < pl_rows_count(members); row++) {
        struct pl_uuid user = pl_rows_uuid(members, row, 0);
        if (pl_uuid_equal(&user, &append->message.sender_id.uuid))
            continue;
        struct pl_params *leave = pl_change_write(change, PL_STATEMENT_CHANGE_LEAVE);
        pl_params_uuid(leave, &append->message.chat_id.uuid);
        put_users(leave, &user);
        pl_params_int64(leave, append->message.seq);
        struct pl_params *member_seq = pl_change_write(change, PL_STATEMENT_CHANGE_MEMBER_SEQ);
        pl_params_uuid(member_seq, &append->message.chat_id.uuid);
        pl_params_int64(member_seq, append->message.seq);
    }
    change->is_needless = change->write_count == 0;
    return PL_OK;
}

static enum pl_status refuse(struct pl_change *change, struct pl_append *append)
{
    (void)append;
    pl_params_uuid(pl_change_write(change, PL_STATEMENT_CHANGE_MEMBER_SEQ), &append->message.chat_id.uuid);
    return PL_PERMISSION_DENIED;
}

static void entry_and_writes_are_one_transaction(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    assert_int_equal(append_run(&harness, append_new(&harness, &pair, "one")), PL_OK);
    struct pl_append *change = change_new(&pair, remove_others);
    change->message.target_message_id.uuid = pl_uuid_v7();
    assert_int_equal(append_run(&harness, change), PL_OK);
    assert_int_equal(change->message.seq, 2);
    assert_int_equal(database_number(&database,
                                     "select count(*) from messages where seq = 2 and entry_kind = 2 and content ="
                                     " 'event' and target_message_id = '%s'",
                                     uuid_text(&change->message.target_message_id.uuid)),
                     1);
    assert_int_equal(database_number(&database, "select member_seq from chats"), 2);
    assert_int_equal(
        database_number(&database, "select left_seq from participants where user_id = '%s'", uuid_text(&pair.low.uuid)),
        2);
    assert_int_equal(harness_heard(&harness, HEARD_COMMITTED), 2);
    assert_log_sound(&database);
}

static void needless_change_is_no_entry(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    assert_int_equal(append_run(&harness, change_new(&pair, remove_others)), PL_OK);
    struct pl_append *again = change_new(&pair, remove_others);
    assert_int_equal(append_run(&harness, again), PL_OK);
    assert_int_equal(again->message.seq, 0);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 1);
    assert_int_equal(append_run(&harness, change_new(&pair, NULL)), PL_OK);
    assert_int_equal(database_number(&database, "select last_seq from chats"), 2);
}

static void refused_change_leaves_nothing_behind(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    assert_int_equal(append_run(&harness, change_new(&pair, refuse)), PL_PERMISSION_DENIED);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 0);
    assert_int_equal(database_number(&database, "select last_seq + member_seq from chats"), 0);
    assert_int_equal(harness_heard(&harness, HEARD_COMMITTED), 0);
}

static void sender_is_a_member_unless_said_otherwise(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    struct pl_append *stranger = change_new(&pair, NULL);
    stranger->message.sender_id.uuid = pl_uuid_v7();
    assert_int_equal(append_run(&harness, stranger), PL_NOT_A_MEMBER);
    struct pl_append *open = change_new(&pair, NULL);
    open->message.sender_id.uuid = pl_uuid_v7();
    open->change->any_sender = true;
    assert_int_equal(append_run(&harness, open), PL_OK);
    assert_true(open->message.created_at_us > 0);
    struct pl_append *nowhere = change_new(&pair, NULL);
    nowhere->message.chat_id.uuid = pl_uuid_v7();
    nowhere->change->any_sender = true;
    assert_int_equal(append_run(&harness, nowhere), PL_CHAT_NOT_FOUND);
}

/* All are queued at once; the removal has its place between the messages of the one it removes. */
static void removed_member_gets_nothing_in_behind_his_removal(void **state)
{
    (void)state;
    enum { MESSAGES = 400, CHANGE_AT = 217 };
    struct pair pair = pair_create(&database, true);
    struct pl_append *appends[MESSAGES];
    for (unsigned i = 0; i < MESSAGES; i++)
        appends[i] = i == CHANGE_AT ? change_new(&pair, remove_others) : append_new(&harness, &pair, "text");
    for (unsigned i = 0; i < MESSAGES; i++)
        append_submit(&harness, appends[i]);
    harness_wait(&harness, MESSAGES);
    for (unsigned i = 0; i < MESSAGES; i++)
        assert_int_equal(appends[i]->status, i <= CHANGE_AT ? PL_OK : PL_NOT_A_MEMBER);
    assert_int_equal(appends[CHANGE_AT]->message.seq, CHANGE_AT + 1);
    assert_int_equal(database_number(&database, "select max(left_seq) from participants"), CHANGE_AT + 1);
    assert_int_equal(decided, 1);
    assert_log_sound(&database);
}

/* A write that PostgreSQL refuses takes the entry with it, and nobody else's. */
static enum pl_status join_again(struct pl_change *change, struct pl_append *append)
{
    struct pl_params *join = pl_change_write(change, PL_STATEMENT_CHANGE_JOIN);
    pl_params_uuid(join, &append->message.chat_id.uuid);
    put_users(join, &append->message.sender_id.uuid);
    struct pl_array roles;
    pl_array_begin(&roles, join, PL_ELEMENT_INT16, 1);
    pl_array_int16(&roles, 3);
    pl_array_end(&roles);
    pl_params_int64(join, 0);
    pl_params_int64(join, 1);
    return PL_OK;
}

static void refused_write_fails_its_change_alone(void **state)
{
    (void)state;
    enum { MESSAGES = 40, CHANGE_AT = 20 };
    struct pair pair = pair_create(&database, true);
    struct pl_append *appends[MESSAGES];
    for (unsigned i = 0; i < MESSAGES; i++)
        appends[i] = i == CHANGE_AT ? change_new(&pair, join_again) : append_new(&harness, &pair, "text");
    for (unsigned i = 0; i < MESSAGES; i++)
        append_submit(&harness, appends[i]);
    harness_wait(&harness, MESSAGES);
    for (unsigned i = 0; i < MESSAGES; i++)
        assert_int_equal(appends[i]->status, i == CHANGE_AT ? PL_INVALID_ARGUMENT : PL_OK);
    assert_int_equal(database_number(&database, "select count(*) from messages"), MESSAGES - 1);
    assert_log_sound(&database);
}

static void change_whose_reply_is_lost_happens_once(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    proxy_arm(proxy, PROXY_CUT_REPLY);
    assert_true(change_insist(&pair, remove_others)->resend);
    assert_int_equal(decided, 1);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 1);
    harness_wait_heard(&harness, HEARD_ADVANCED, pair.chat_id, 1);
}

static void change_whose_commit_is_lost_decides_again(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    proxy_arm(proxy, PROXY_CUT_COMMIT);
    assert_false(change_insist(&pair, remove_others)->resend);
    assert_int_equal(decided, 2);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 1);
    assert_int_equal(database_number(&database, "select max(left_seq) from participants"), 1);
}

static void user_alone_gets_a_chat_of_its_own(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, false);
    struct pl_append *event = append_new(&harness, &pair, "event");
    event->app_id = pair.app_id;
    event->message.recipient_id = event->message.sender_id;
    event->message.entry_kind = PL_ENTRY_ACCOUNT;
    event->message.body_kind = PL_BODY_EVENT;
    assert_int_equal(append_run(&harness, event), PL_OK);
    assert_int_equal(event->message.seq, 1);
    assert_true(pl_uuid_is_nil(&event->message.recipient_id.uuid));
    assert_int_equal(database_number(&database, "select count(*) from chats where chat_type = 3"), 1);
    assert_int_equal(database_number(&database, "select count(*) from participants"), 1);
    assert_int_equal(database_number(&database, "select count(*) from messages where entry_kind = 6"), 1);
    assert_int_equal(append_run(&harness, append_again(&harness, event)), PL_OK);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entry_and_writes_are_one_transaction, set_up, tear_down),
        cmocka_unit_test_setup_teardown(needless_change_is_no_entry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused_change_leaves_nothing_behind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sender_is_a_member_unless_said_otherwise, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removed_member_gets_nothing_in_behind_his_removal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused_write_fails_its_change_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(change_whose_reply_is_lost_happens_once, set_up_proxy, tear_down),
        cmocka_unit_test_setup_teardown(change_whose_commit_is_lost_decides_again, set_up_proxy, tear_down),
        cmocka_unit_test_setup_teardown(user_alone_gets_a_chat_of_its_own, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
