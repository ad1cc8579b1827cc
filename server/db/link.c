/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/link.h"

#include "base/clock.h"
#include "base/log.h"

#define ATTEMPT_US INT64_C(2000000)
/* A connection that did not last this long is not opened again at once. */
#define STEADY_US INT64_C(1000000)
#define PAUSE_US_MIN INT64_C(100000)
#define PAUSE_US_MAX INT64_C(2000000)

void pl_link_init(struct pl_link *link, struct pl_db_context *context, struct pl_circuit *circuit,
                  enum pl_conn_kind kind)
{
    *link = (struct pl_link){.context = context, .circuit = circuit, .kind = kind, .pause_us = PAUSE_US_MIN};
}

void pl_link_fini(struct pl_link *link)
{
    pl_conn_close(&link->conn);
}

static enum pl_status open_conn(struct pl_link *link, int64_t deadline_us)
{
    enum pl_status status = pl_conn_open(&link->conn, link->context->config, link->kind, deadline_us);
    link->conn.until_us = &link->context->until_us;
    return status;
}

enum pl_status pl_link_open(struct pl_link *link, int64_t deadline_us, const char **ret_error)
{
    enum pl_status status = open_conn(link, deadline_us);
    if (status != PL_OK)
        *ret_error = link->conn.error;
    return status;
}

/* Between half and the whole, so that threads and nodes do not come all at once. */
static int64_t with_jitter(int64_t pause_us)
{
    struct pl_uuid random = pl_uuid_v7();
    return pause_us / 2 + (int64_t)(pl_uuid_hash(&random) % (uint64_t)(pause_us / 2));
}

static void pause_next(struct pl_link *link)
{
    link->retry_at_us = pl_clock_now_us() + with_jitter(link->pause_us);
    link->pause_us = link->pause_us * 2 > PAUSE_US_MAX ? PAUSE_US_MAX : link->pause_us * 2;
}

static void attempt_failed(struct pl_link *link)
{
    if (!link->away) { /* once, not with each attempt */
        pl_log(PL_LOG_WARNING, "database_connect_failed", PL_LOG_TEXT("error", link->conn.error));
        link->away = true;
        pl_circuit_lose(link->circuit);
    }
    pause_next(link);
}

static int64_t attempt_until_us(const struct pl_link *link, int64_t now_us)
{
    int64_t until_us = atomic_load(&link->context->until_us);
    return until_us - now_us < ATTEMPT_US ? until_us : now_us + ATTEMPT_US;
}

bool pl_link_revive(struct pl_link *link)
{
    if (link->conn.pg != NULL)
        return true;
    int64_t now_us = pl_clock_now_us();
    if (now_us < link->retry_at_us)
        return false;
    if (pl_db_is_over(link->context)) {
        link->retry_at_us = INT64_MAX;
        return false;
    }
    if (open_conn(link, attempt_until_us(link, now_us)) != PL_OK) {
        attempt_failed(link);
        return false;
    }
    link->opened_at_us = pl_clock_now_us();
    pl_metrics_add(link->context->metrics, PL_METRIC_database_reconnects_total, 1);
    if (link->away) {
        link->away = false;
        pl_circuit_regain(link->circuit);
    }
    return true;
}

int64_t pl_link_due_us(const struct pl_link *link)
{
    int64_t until_us = atomic_load(&link->context->until_us);
    return until_us < link->retry_at_us && !pl_db_is_over(link->context) ? until_us : link->retry_at_us;
}

void pl_link_drop(struct pl_link *link)
{
    pl_conn_close(&link->conn);
    if (pl_clock_now_us() - link->opened_at_us < STEADY_US) {
        pause_next(link);
        return;
    }
    link->pause_us = PAUSE_US_MIN;
    link->retry_at_us = 0;
}
