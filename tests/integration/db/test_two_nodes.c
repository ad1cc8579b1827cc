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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_chats_with_resends_stay_sound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(creation_race_makes_one_chat, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
