/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Two runs in open loop: in one the chats that are written in begin with messages that have expired, in the other with
 * those that their app keeps no longer. Windows in which the sweeper may not work alternate with those in which it
 * does, all the time: in the first ones the bench has the sweepers' advisory lock, as another node would. The messages
 * that are sent must stay; of those before them the bodies must go, or the rows, and the API must say so.
 */
#include "bench/sweep.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/fail.h"
#include "bench/load.h"
#include "bench/prefill.h"
#include "bench/report.h"
#include "bench/rpc.h"
#include "parley/v1/message_service.pb-c.h"

#define TURN "7017283404182012" /* SWEEP_TURN in server/db/statements.def */
#define TURN_US 60000000
#define STALL_US 30000000
#define PAGE 50

struct sweep {
    struct bench_load_duty duty;
    const struct bench_options *options;
    bool rows_leave; /* or bodies alone */
    PGconn *database;
    char app_id[PL_UUID_TEXT_CHARS + 1];
    int64_t before; /* rows to sweep when the window began, and when that was */
    int64_t before_us;
    int64_t swept; /* in all windows with the sweeper, and how long these were */
    int64_t swept_us;
};

static struct sweep *sweep_of(struct bench_load_duty *duty)
{
    return pl_container_of(duty, struct sweep, duty);
}

static bool is_with_sweeper(int window)
{
    return window % 2 == 1;
}

/* Of each chat. Even, so that the last of them is no change of settings. */
static int64_t messages_of_each(const struct sweep *sweep)
{
    return sweep->options->swept / sweep->options->pairs / 2 * 2;
}

/* ---- whose turn it is ---- */

/* Other sessions that have it. */
#define FROM_HOLDERS                                                                                                   \
    " from pg_locks where locktype = 'advisory' and granted and pid <> pg_backend_pid() and objsubid = 1"              \
    " and (classid::bigint << 32 | objid::bigint) = " TURN

/* A sweeper keeps it for as long as its connection lives, and comes back to find it taken. */
static void take_turn(const struct sweep *sweep)
{
    int64_t until_us = pl_clock_now_us() + TURN_US;
    do {
        if (pl_clock_now_us() > until_us)
            bench_fail("the sweeper does not give up its turn");
        bench_database_run(sweep->database, "select count(pg_terminate_backend(pid))" FROM_HOLDERS);
    } while (bench_database_run(sweep->database, "select pg_try_advisory_lock(" TURN ")::int") == 0);
}

static void give_turn(const struct sweep *sweep)
{
    int64_t until_us = pl_clock_now_us() + TURN_US;
    bench_database_run(sweep->database, "select pg_advisory_unlock(" TURN ")");
    while (bench_database_run(sweep->database, "select count(*)" FROM_HOLDERS) == 0) {
        if (pl_clock_now_us() > until_us)
            bench_fail("no sweeper takes its turn");
        usleep(10000);
    }
}

/* ---- what there is to sweep ---- */

static int64_t count(const struct sweep *sweep, const char *condition)
{
    char sql[1024];
    const char *parameters[] = {sweep->app_id};
    snprintf(sql, sizeof(sql),
             "select count(*) from messages m join chats c using (chat_id) join apps a using (app_id)"
             " where a.app_id = $1::uuid and m.created_at < a.created_at and %s",
             condition);
    return bench_database_run_with(sweep->database, sql, 1, parameters);
}

/* Settings stay: in their place, or apart when it is gone. */
static int64_t count_left(const struct sweep *sweep)
{
    return count(sweep, sweep->rows_leave ? "m.entry_kind = 1" : "m.entry_kind = 1 and m.content is not null");
}

static void prepare(struct bench_load_duty *duty, const struct bench_app *app, struct bench_log *logs)
{
    struct sweep *sweep = sweep_of(duty);
    sweep->database = bench_database_open(sweep->options->database);
    pl_uuid_format(&app->app_id.uuid, sweep->app_id);
    take_turn(sweep);
    bench_prefill_history(sweep->options, app, messages_of_each(sweep), sweep->rows_leave);
    for (int i = 0; i < sweep->options->pairs; i++)
        logs[i].last_seq = messages_of_each(sweep);
}

static void begin(struct bench_load_duty *duty, int window)
{
    struct sweep *sweep = sweep_of(duty);
    if (!is_with_sweeper(window))
        return;
    give_turn(sweep);
    sweep->before = count_left(sweep);
    sweep->before_us = pl_clock_now_us();
}

static void end(struct bench_load_duty *duty, int window)
{
    struct sweep *sweep = sweep_of(duty);
    if (!is_with_sweeper(window))
        return;
    int64_t left = count_left(sweep);
    if (left == 0)
        bench_fail("the sweeper was done before the window was over: --swept must be more");
    sweep->swept += sweep->before - left;
    sweep->swept_us += pl_clock_now_us() - sweep->before_us;
    take_turn(sweep);
}

/* ---- what must be true in the end ---- */

static void expect(const char *what, int64_t found, int64_t expected)
{
    if (found != expected)
        bench_violation("%lld %s, expected were %lld", (long long)found, what, (long long)expected);
}

static void check_page(const struct sweep *sweep, const Parley__V1__ListMessagesResponse *page)
{
    int64_t messages = messages_of_each(sweep);
    if (sweep->rows_leave) {
        expect("messages are listed that are gone", (int64_t)page->n_messages, 0);
        expect("is where a log is said to begin", page->log_start == NULL ? 0 : page->log_start->first_seq,
               messages + 1);
        return;
    }
    expect("messages are listed on a page", (int64_t)page->n_messages, messages < PAGE ? messages : PAGE);
    for (size_t i = 0; i < page->n_messages; i++)
        if (page->messages[i]->kind == PARLEY__V1__ENTRY_KIND__ENTRY_KIND_MESSAGE &&
            (page->messages[i]->status != PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_EXPIRED ||
             page->messages[i]->body_case != PARLEY__V1__MESSAGE__BODY__NOT_SET))
            bench_violation("seq %lld is expired, but is not told so", (long long)page->messages[i]->seq);
}

static void check_pages(const struct sweep *sweep, const struct bench_app *app, const struct bench_log *logs)
{
    grpc_channel *channel = bench_channel_open(sweep->options->endpoint);
    struct pl_arena arena;
    pl_arena_init(&arena, SIZE_MAX);
    for (int i = 0; i < sweep->options->pairs; i++) {
        char chat_id[PL_UUID_TEXT_CHARS + 1];
        struct bench_credential credential = {"authorization", app->users[2 * i].bearer};
        Parley__V1__ListMessagesRequest request = PARLEY__V1__LIST_MESSAGES_REQUEST__INIT;
        pl_uuid_format(&logs[i].chat_id.uuid, chat_id);
        request.chat_id = chat_id;
        request.page_size = PAGE;
        request.before_seq = messages_of_each(sweep) + 1;
        check_page(sweep, (Parley__V1__ListMessagesResponse *)bench_rpc_call(
                              channel, "/parley.v1.MessageService/ListMessages", &credential, &request.base,
                              &parley__v1__list_messages_response__descriptor, &arena));
        pl_arena_reset(&arena);
    }
    pl_arena_fini(&arena);
    grpc_channel_destroy(channel);
}

static void await_end(const struct sweep *sweep)
{
    int64_t least = INT64_MAX;
    int64_t until_us = 0;
    for (int64_t left; (left = count_left(sweep)) > 0; usleep(100000)) {
        if (left < least)
            until_us = pl_clock_now_us() + STALL_US;
        least = left < least ? left : least;
        if (pl_clock_now_us() > until_us)
            bench_violation("%lld messages do not go", (long long)left);
    }
}

/* That all that was sent is there, with its body, the load itself checks behind this. */
static void check(struct bench_load_duty *duty, const struct bench_app *app, const struct bench_log *logs)
{
    struct sweep *sweep = sweep_of(duty);
    const char *parameters[] = {sweep->app_id};
    int64_t messages = messages_of_each(sweep) * sweep->options->pairs;
    int64_t settings = (messages_of_each(sweep) + BENCH_HISTORY_SETTINGS_EVERY - 1) / BENCH_HISTORY_SETTINGS_EVERY *
                       sweep->options->pairs;
    give_turn(sweep);
    await_end(sweep);
    expect("rows are left", count(sweep, "true"), sweep->rows_leave ? 0 : messages);
    expect("rows keep more than their place",
           count(sweep, "m.entry_kind = 1 and (m.metadata is not null or m.media_id is not null)"), 0);
    expect("changes of settings are kept apart",
           bench_database_run_with(
               sweep->database, "select count(*) from chat_controls join chats using (chat_id) where app_id = $1::uuid",
               1, parameters),
           sweep->rows_leave ? settings : 0);
    check_pages(sweep, app, logs);
    bench_database_run_with(sweep->database, "update apps set retention_days = 0 where app_id = $1::uuid", 1,
                            parameters);
    PQfinish(sweep->database);
}

/* ---- the runs ---- */

static void run(const struct bench_options *options, bool rows_leave, struct bench_sweep_result *ret_result)
{
    struct sweep sweep = {.duty = {.prepare = prepare, .begin = begin, .end = end, .check = check},
                          .options = options,
                          .rows_leave = rows_leave};
    struct bench_window *windows = calloc((size_t)options->windows, sizeof(*windows));
    pl_assert(windows != NULL);
    bench_load_measure(options, (unsigned)options->pairs, 2, &sweep.duty, windows);
    for (int i = 0; i < options->windows; i++)
        bench_window_add(is_with_sweeper(i) ? &ret_result->with : &ret_result->without, &windows[i]);
    ret_result->swept_per_s = (double)sweep.swept * 1e6 / (double)sweep.swept_us;
    free(windows);
}

void bench_sweep_run(const struct bench_options *options)
{
    struct bench_options both = *options;
    struct bench_sweep_result *results = calloc(2, sizeof(*results));
    pl_assert(results != NULL);
    both.windows = 2 * options->windows; /* without and with, in turn */
    if (options->swept < 2 * options->pairs)
        bench_fail("each pair needs something to sweep");
    run(&both, false, &results[0]);
    run(&both, true, &results[1]);
    bench_report_sweep(options, &results[0], &results[1]);
    free(results);
}
