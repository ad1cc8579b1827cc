/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Two servers on one database. */
#include <string.h>

#include "integration/db/harness.h"

static struct database database;
static struct harness nodes[2];

static int set_up(void **state)
{
    (void)state;
    database_create(&database);
    for (unsigned i = 0; i < 2; i++) {
        harness_init(&nodes[i], &database);
        nodes[i].config.lock_timeout_ms = 60000; /* each waits for the other, however slow both are */
        harness_open(&nodes[i]);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        harness_fini(&nodes[i]);
    database_drop(&database);
    return 0;
}

/* Every fifth append of a node is one that it sent before. */
static void same_chats_with_resends_stay_sound(void **state)
{
    (void)state;
    enum { CHATS = 30, MESSAGES = 3000 };
    static struct pl_append *appends[2][MESSAGES];
    struct pair pairs[CHATS];
    for (unsigned i = 0; i < CHATS; i++)
        pairs[i] = pair_create(&database, true);
    for (unsigned i = 0; i < MESSAGES; i++) {
        for (unsigned k = 0; k < 2; k++) {
            struct harness *node = &nodes[k];
            struct pair *pair = &pairs[(i * 7 + k * 3 + i / 11) % CHATS];
            bool resend = i % 5 == 4;
            appends[k][i] = resend ? append_again(node, appends[k][i - 1 - i % 40 / 10]) : append_new(node, pair, "x");
            append_submit(node, appends[k][i]);
        }
    }
    for (unsigned k = 0; k < 2; k++) {
        harness_wait(&nodes[k], MESSAGES);
        for (unsigned i = 0; i < MESSAGES; i++) {
            assert_int_equal(appends[k][i]->status, PL_OK);
            assert_int_equal(appends[k][i]->resend, i % 5 == 4);
        }
        assert_int_equal(pl_metrics_get(&nodes[k].metrics, PL_METRIC_append_retries_total), 0);
        assert_int_equal(harness_heard(&nodes[k], HEARD_COMMITTED), MESSAGES / 5 * 4);
    }
    assert_int_equal(database_number(&database, "select count(*) from messages"), 2 * MESSAGES / 5 * 4);
    assert_int_equal(database_number(&database, "select deadlocks from pg_stat_database"
                                                " where datname = current_database()"),
                     0);
    assert_log_sound(&database);
}

static void creation_race_makes_one_chat(void **state)
{
    (void)state;
    enum { CHATS = 100 };
    static struct pl_append *appends[2][CHATS];
    for (unsigned i = 0; i < CHATS; i++) {
        struct pair pair = pair_create(&database, false);
        for (unsigned k = 0; k < 2; k++) {
            struct pl_append *append = append_new(&nodes[k], &pair, "hello");
            append->app_id = pair.app_id;
            append->message.sender_id = k == 0 ? pair.low : pair.high;
            append->message.recipient_id = k == 0 ? pair.high : pair.low;
            appends[k][i] = append;
        }
    }
    for (unsigned i = 0; i < CHATS; i++) {
        append_submit(&nodes[0], appends[0][i]);
        append_submit(&nodes[1], appends[1][CHATS - 1 - i]);
    }
    for (unsigned k = 0; k < 2; k++) {
        harness_wait(&nodes[k], CHATS);
        for (unsigned i = 0; i < CHATS; i++)
            assert_int_equal(appends[k][i]->status, PL_OK);
    }
    assert_int_equal(database_number(&database, "select count(*) from chats where last_seq = 2"), CHATS);
    assert_int_equal(database_number(&database, "select count(*) from participants"), 2 * CHATS);
    assert_int_equal(database_number(&database, "select count(*) from user_chats"), 2 * CHATS);
    assert_int_equal(harness_heard(&nodes[0], HEARD_JOINED) + harness_heard(&nodes[1], HEARD_JOINED), 2 * CHATS);
    assert_log_sound(&database);
}

static void on_marked(struct pl_mark *mark)
{
    struct harness *node = pl_container_of(mark->home, struct harness, home);
    node->done++;
}

/* Both have asked while the watermark was 1; each then moves it from where it is by its turn. */
static void moves_of_two_nodes_do_not_overlap(void **state)
{
    (void)state;
    struct pair pair = pair_create(&database, true);
    struct pl_mark marks[] = {{.home = &nodes[0].home, .read_seq = 1},
                              {.home = &nodes[0].home, .read_seq = 5},
                              {.home = &nodes[1].home, .read_seq = 7}};
    for (unsigned i = 0; i < 3; i++) {
        marks[i].chat_id = pair.chat_id;
        marks[i].user_id = pair.low;
        marks[i].done = on_marked;
    }
    pl_db_mark(nodes[0].db, &marks[0]);
    harness_wait(&nodes[0], 1);
    struct database_holder *holder = database_hold(&database, "select from watermarks for update");
    pl_db_mark(nodes[0].db, &marks[1]);
    pl_db_mark(nodes[1].db, &marks[2]);
    while (database_number(&database, "select count(*) from pg_stat_activity where datname = current_database()"
                                      " and wait_event_type = 'Lock'") < 2)
        continue;
    database_let_go(holder);
    harness_wait(&nodes[0], 2);
    harness_wait(&nodes[1], 1);
    assert_int_equal(database_number(&database, "select read_seq from watermarks"), 7);
    assert_int_equal(database_number(&database, "select sum(up_to_seq - after_seq) from receipt_moves"), 7);
    assert_int_equal(database_number(&database, "select count(*) from (select after_seq, lag(up_to_seq, 1, 0::bigint)"
                                                " over (order by up_to_seq) as before from receipt_moves) x"
                                                " where after_seq <> before"),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_chats_with_resends_stay_sound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(creation_race_makes_one_chat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moves_of_two_nodes_do_not_overlap, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
