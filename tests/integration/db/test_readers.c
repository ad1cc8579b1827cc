/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The reader threads: no query is left lying, whoever was rung for it and whatever became of that one. */
#include <poll.h>
#include <semaphore.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "base/clock.h"
#include "integration/db/harness.h"

/* A reader looks by itself once a minute; a query that is not begun before that was left lying. */
#define PATIENCE_US INT64_C(30000000)
/* Who waits for a lock of a test waits until the test lets it go. */
#define LOCK_MS 600000
#define FDS_MAX 1024

static struct database database;
static struct harness harness;
static struct pl_uuid app_id;

/* A home whose first mail keeps the reader's thread that brings it, until the test lets it go. */
static struct slow_home {
    struct pl_mailbox mailbox;
    bool armed;
    sem_t came;
    sem_t go;
} homes[2];

static void keep_thread(void *argument)
{
    struct slow_home *home = argument;
    if (home->armed) {
        home->armed = false;
        sem_post(&home->came);
        sem_wait(&home->go);
    }
}

static void slow_home_init(struct slow_home *home)
{
    home->armed = true;
    sem_init(&home->came, 0, 0);
    sem_init(&home->go, 0, 0);
    pl_mailbox_init(&home->mailbox, keep_thread, home);
}

static void slow_home_fini(struct slow_home *home)
{
    pl_mailbox_run(&home->mailbox);
    pl_mailbox_fini(&home->mailbox);
    sem_destroy(&home->came);
    sem_destroy(&home->go);
}

static int set_up(void **state)
{
    (void)state;
    app_id = pl_uuid_v7();
    database_create(&database);
    harness_init(&harness, &database);
    harness.config.lock_timeout_ms = LOCK_MS;
    harness.config.statement_timeout_ms = LOCK_MS;
    slow_home_init(&homes[0]);
    slow_home_init(&homes[1]);
    return 0;
}

/* Lets the threads go that a failed test keeps. */
static int tear_down(void **state)
{
    (void)state;
    sem_post(&homes[0].go);
    sem_post(&homes[1].go);
    if (harness.db != NULL)
        harness_close(&harness);
    slow_home_fini(&homes[0]);
    slow_home_fini(&homes[1]);
    harness_fini(&harness);
    database_drop(&database);
    return 0;
}

static void on_done(struct pl_query *query, void *context)
{
    (void)query;
    ((struct harness *)context)->done++;
}

static void on_awaited(struct pl_query *query, void *context)
{
    (void)query;
    harness.done++;
    *(bool *)context = true;
}

static struct pl_query *query_to(struct pl_mailbox *home)
{
    struct pl_query *query = pl_query_new(&harness.arena, home, on_done, &harness);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_APP_GET), &app_id);
    return query;
}

static struct pl_query *submit(int64_t patience_us)
{
    struct pl_query *query = query_to(&harness.home);
    query->deadline_us = pl_clock_now_us() + patience_us;
    pl_db_query(harness.db, query);
    return query;
}

static int64_t count_waiting(void)
{
    return database_number(&database, "select count(*) from pg_stat_activity where datname = current_database()"
                                      " and wait_event_type = 'Lock'");
}

/* In another database, for connections to the one under test may be forbidden. */
static void tell_server(const char *format)
{
    struct database server = {.name = "postgres"};
    database_execute(&server, format, database.name);
}

/* Which socket this is, when it is a connection with PostgreSQL; or 0. */
static ino_t connection_of(int fd)
{
    struct sockaddr_un peer = {0};
    socklen_t bytes = sizeof(peer);
    struct stat status;
    bool is_one = getpeername(fd, (struct sockaddr *)&peer, &bytes) == 0 &&
                  strstr(peer.sun_path, ".s.PGSQL.") != NULL && fstat(fd, &status) == 0;
    return is_one ? status.st_ino : 0;
}

static bool has_hung_up(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLRDHUP};
    return poll(&polled, 1, 0) == 1;
}

/* Of those that were there before: who connects now, as the sampler and the sweeper do some time, is hung up on, too.
 */
static int lost_connection(const ino_t *before)
{
    int fd = 0;
    while (before[fd] == 0 || connection_of(fd) != before[fd] || !has_hung_up(fd))
        fd = (fd + 1) % FDS_MAX;
    return fd;
}

/* Of the reader that waits for nothing, and there is no other to be had. The server's farewell is taken away: it finds
 * the connection gone. */
static void lose_idle_connection(void)
{
    char farewell[1024];
    ino_t before[FDS_MAX];
    for (int fd = 0; fd < FDS_MAX; fd++)
        before[fd] = connection_of(fd);
    tell_server("alter database %s allow_connections false");
    tell_server("select pg_terminate_backend(pid) from pg_stat_activity where datname = '%s' and state = 'idle'"
                " and query like '%% from apps where app_id = $1::uuid' and application_name = 'parleyd'");
    int fd = lost_connection(before);
    while (recv(fd, farewell, sizeof(farewell), MSG_DONTWAIT) > 0)
        continue;
}

/* Both have had work, and have none. */
static void employ_both_readers(void)
{
    unsigned count = 0;
    struct database_holder *holder = database_hold(&database, "lock table apps");
    do {
        submit(PATIENCE_US);
        count++;
    } while (count_waiting() < 2);
    database_let_go(holder);
    harness_wait(&harness, count);
}

/* From here on it takes more only when it is rung. */
static void occupy_one_reader(void)
{
    struct pl_uuid nobody = {{0}};
    struct pl_query *query = pl_query_new(&harness.arena, &harness.home, on_done, &harness);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_USER_GET);
    pl_params_uuid(params, &nobody);
    pl_params_uuid(params, &app_id);
    pl_db_query(harness.db, query);
    while (count_waiting() == 0)
        continue;
}

/* A query may go to the occupied one, when the other was rung before and did not look since. How many it took. */
static unsigned keep_other_reader(void)
{
    unsigned count = 0;
    struct timespec until;
    do {
        pl_db_query(harness.db, query_to(&homes[0].mailbox));
        count++;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
    } while (sem_timedwait(&homes[0].came, &until) != 0);
    return count;
}

static bool is_queue_empty(void)
{
    return pl_metrics_get(&harness.metrics, PL_METRIC_query_queue) == 0;
}

/*
 * A reader has nothing in flight, so a query rings it; but its thread is still busy, and when it looks, its connection
 * is gone and there is no other to be had.
 */
static void query_of_a_lost_reader_goes_to_another(void **state)
{
    (void)state;
    harness_open(&harness);
    employ_both_readers();
    unsigned done = harness.done;
    struct database_holder *holder = database_hold(&database, "lock table users");
    occupy_one_reader();
    unsigned kept = keep_other_reader();
    struct pl_query *query = submit(PATIENCE_US);
    lose_idle_connection();
    sem_post(&homes[0].go);
    while (!is_queue_empty())
        continue;
    database_let_go(holder);
    harness_wait(&harness, done + 2);
    assert_int_equal(query->status, PL_OK);
    tell_server("alter database %s allow_connections true");
    harness_close(&harness);
    pl_mailbox_run(&homes[0].mailbox);
    assert_int_equal(harness.done, done + 2 + kept);
}

/*
 * One reader's thread is kept for all of the test. The other one takes its share of the queue, which is all past its
 * deadline, and would not be rung for what it left.
 */
static void query_behind_overdue_ones_is_run(void **state)
{
    (void)state;
    enum { OVERDUE = 5 };
    harness_open(&harness);
    employ_both_readers();
    pl_db_query(harness.db, query_to(&homes[0].mailbox));
    sem_wait(&homes[0].came);
    pl_db_query(harness.db, query_to(&homes[1].mailbox));
    submit(PATIENCE_US); /* rings the other reader, for the first would be rung for one before it is asked again */
    sem_wait(&homes[1].came);
    for (unsigned i = 0; i < OVERDUE; i++)
        submit(-1);
    bool came = false;
    struct pl_query *query = pl_query_new(&harness.arena, &harness.home, on_awaited, &came);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_APP_GET), &app_id);
    query->deadline_us = pl_clock_now_us() + PATIENCE_US;
    pl_db_query(harness.db, query);
    sem_post(&homes[0].go);
    while (!came)
        harness_wait(&harness, harness.done + 1);
    assert_int_equal(query->status, PL_OK);
    sem_post(&homes[1].go);
}

static void queries_that_are_not_answered_at_the_end_come_home(void **state)
{
    (void)state;
    enum { QUERIES = 40 };
    struct pl_query *queries[QUERIES];
    harness_open(&harness);
    for (unsigned i = 0; i < QUERIES; i++)
        queries[i] = submit(PATIENCE_US);
    harness_close(&harness);
    assert_int_equal(harness.done, QUERIES);
    for (unsigned i = 0; i < QUERIES; i++)
        assert_int_equal(queries[i]->status, PL_OK);
}

static void compose_nothing(struct pl_query *query, void *context)
{
    (void)query;
    (void)context;
}

static void *let_go(void *holder)
{
    database_let_go(holder);
    return NULL;
}

/* One reader may not take the second of them, and must hear that the other one has. */
static void composed_queries_that_wait_at_the_end_come_home(void **state)
{
    (void)state;
    enum { COMPOSED = 3 };
    pthread_t other;
    harness_open(&harness);
    struct database_holder *holder = database_hold(&database, "lock table apps");
    for (unsigned i = 0; i < COMPOSED; i++) {
        struct pl_query *query = query_to(&harness.home);
        query->compose = compose_nothing;
        pl_db_query(harness.db, query);
    }
    while (count_waiting() == 0)
        continue;
    assert_int_equal(pthread_create(&other, NULL, let_go, holder), 0);
    harness_close(&harness);
    pthread_join(other, NULL);
    assert_int_equal(harness.done, COMPOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(query_of_a_lost_reader_goes_to_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(query_behind_overdue_ones_is_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queries_that_are_not_answered_at_the_end_come_home, set_up, tear_down),
        cmocka_unit_test_setup_teardown(composed_queries_that_wait_at_the_end_come_home, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
