/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The connection is opened when there is none; after any failure there is none. */
#include "db/sampler.h"

#include <sys/statvfs.h>

#include "base/thread.h"

#define ATTEMPT_US INT64_C(1000000)
#define US_PER_MS 1000
#define US_PER_S 1000000

/* The columns of DATABASE_SAMPLE. */
static const enum pl_metric columns[] = {
    PL_METRIC_database_size_bytes,       PL_METRIC_database_connections,
    PL_METRIC_database_connections_max,  PL_METRIC_database_rollbacks_total,
    PL_METRIC_database_deadlocks_total,  PL_METRIC_database_blocks_read_total,
    PL_METRIC_database_blocks_hit_total, PL_METRIC_database_temporary_bytes_total,
    PL_METRIC_database_transaction_age,  PL_METRIC_database_longest_transaction_seconds,
};
enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

static void forget(struct pl_metrics *metrics)
{
    for (unsigned i = 0; i < COLUMN_COUNT; i++)
        pl_metrics_set(metrics, columns[i], PL_METRIC_ABSENT);
    pl_metrics_set(metrics, PL_METRIC_database_disk_free_bytes, PL_METRIC_ABSENT);
    pl_metrics_set(metrics, PL_METRIC_database_disk_bytes, PL_METRIC_ABSENT);
    pl_metrics_set(metrics, PL_METRIC_database_sampled_timestamp_seconds, PL_METRIC_ABSENT);
}

static bool connect_again(struct pl_sampler *sampler)
{
    if (sampler->conn.pg != NULL)
        return true;
    int64_t due_us = pl_clock_now_us() + ATTEMPT_US;
    bool worked = pl_conn_open(&sampler->conn, sampler->context->config, PL_CONN_SAMPLER, due_us) == PL_OK;
    sampler->conn.until_us = &sampler->until_us;
    return worked;
}

static bool ask(struct pl_conn *conn, struct pl_rows *ret_rows)
{
    struct pl_params none;
    pl_params_init(&none, NULL);
    if (!pl_conn_send(conn, PL_STATEMENT_DATABASE_SAMPLE, &none) || !pl_conn_sync(conn) ||
        pl_conn_rows(conn, ret_rows) != PL_FAILURE_NONE)
        return false;
    return pl_conn_finish(conn) == PL_FAILURE_NONE && pl_rows_count(ret_rows) == 1;
}

static void sample_database(struct pl_sampler *sampler)
{
    struct pl_metrics *metrics = sampler->context->metrics;
    struct pl_rows rows = {0};
    if (!connect_again(sampler))
        return;
    if (ask(&sampler->conn, &rows)) {
        for (unsigned i = 0; i < COLUMN_COUNT; i++)
            pl_metrics_set(metrics, columns[i], pl_rows_int(&rows, 0, (int)i));
        pl_metrics_set(metrics, PL_METRIC_database_sampled_timestamp_seconds, pl_clock_wall_us() / US_PER_S);
    } else {
        pl_conn_close(&sampler->conn);
    }
    pl_rows_clear(&rows);
}

static void sample_disk(struct pl_sampler *sampler)
{
    struct pl_metrics *metrics = sampler->context->metrics;
    const char *folder = sampler->context->config->database_folder;
    struct statvfs disk;
    if (folder[0] == '\0')
        return;
    bool worked = statvfs(folder, &disk) == 0;
    pl_metrics_set(metrics, PL_METRIC_database_disk_free_bytes,
                   worked ? (int64_t)(disk.f_bavail * disk.f_frsize) : PL_METRIC_ABSENT);
    pl_metrics_set(metrics, PL_METRIC_database_disk_bytes,
                   worked ? (int64_t)(disk.f_blocks * disk.f_frsize) : PL_METRIC_ABSENT);
}

static void *run(void *argument)
{
    struct pl_sampler *sampler = argument;
    int64_t pause_us = sampler->context->config->database_sample_ms * US_PER_MS;
    int64_t due_us = 0;
    for (int64_t now_us; (now_us = pl_clock_now_us()) < atomic_load(&sampler->until_us);) {
        if (now_us < due_us) {
            pl_wake_wait(&sampler->wake, due_us);
            continue;
        }
        sample_disk(sampler);
        sample_database(sampler);
        due_us = pl_clock_now_us() + pause_us;
    }
    return NULL;
}

void pl_sampler_init(struct pl_sampler *sampler, struct pl_db_context *context)
{
    *sampler = (struct pl_sampler){.context = context};
    atomic_init(&sampler->until_us, INT64_MAX);
    pl_wake_init(&sampler->wake);
    forget(context->metrics);
}

void pl_sampler_fini(struct pl_sampler *sampler)
{
    pl_conn_close(&sampler->conn);
    pl_wake_fini(&sampler->wake);
}

void pl_sampler_start(struct pl_sampler *sampler)
{
    pl_assert(pl_thread_start(&sampler->thread, "sampler", run, sampler));
}

void pl_sampler_stop(struct pl_sampler *sampler)
{
    atomic_store(&sampler->until_us, pl_clock_now_us());
    pl_wake_ring(&sampler->wake);
}

void pl_sampler_join(struct pl_sampler *sampler)
{
    pl_assert(pthread_join(sampler->thread, NULL) == 0);
}
