/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The buckets of users lie in a table, those of an app with its limits; one look into the table draws from all. */
#include "auth/quota.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define uthash_fatal(message) pl_assert_failed(message, __FILE__, __LINE__)
#include <uthash.h>

#define US_PER_S 1000000
#define NS_PER_S INT64_C(1000000000)
#define SHARDS 64
#define USERS_OF_SHARD 1024
#define HEADER_BYTES_MAX 512

enum { KINDS = PL_QUOTA_APP_MESSAGES }; /* each has a quota of users, and one of apps */
_Static_assert(KINDS == PL_BUCKETS_OF_KEY && PL_QUOTAS_OF_APP == 2 * KINDS, "the rows are in this order");

struct pl_app_quota {
    UT_hash_handle hh;
    struct pl_quotas *quotas;
    struct pl_app_id app_id;
    _Atomic int64_t per_second[PL_QUOTAS_OF_APP]; /* 0: no limit */
    struct pl_bucket buckets[KINDS];
};

struct pl_quotas {
    struct pl_metrics *metrics; /* may be NULL */
    int64_t defaults[PL_QUOTAS_OF_APP];
    struct pl_buckets *users;
    pthread_mutex_t lock;      /* guards apps, not what is in them */
    struct pl_app_quota *apps; /* by app_id */
};

static const struct {
    const char *key;
    const char *unit;
    const char *sentence;
} rows_of_table[] = {
#define PL_QUOTA(name, key, unit, meaning, sentence) {key, unit, sentence},
#include "quotas.def"
#undef PL_QUOTA
};

struct pl_quotas *pl_quotas_new(const struct pl_config *config, struct pl_metrics *metrics)
{
    struct pl_quotas *quotas = calloc(1, sizeof(*quotas));
    pl_assert(quotas != NULL);
    quotas->metrics = metrics;
    quotas->defaults[PL_QUOTA_USER_MESSAGES] = config->user_messages_per_second;
    quotas->defaults[PL_QUOTA_USER_BYTES] = config->user_bytes_per_second;
    quotas->defaults[PL_QUOTA_USER_CREATES] = config->user_creates_per_second;
    quotas->defaults[PL_QUOTA_APP_MESSAGES] = config->app_messages_per_second;
    quotas->defaults[PL_QUOTA_APP_BYTES] = config->app_bytes_per_second;
    quotas->defaults[PL_QUOTA_APP_CREATES] = config->app_creates_per_second;
    quotas->users = pl_buckets_new(SHARDS, USERS_OF_SHARD);
    pthread_mutex_init(&quotas->lock, NULL);
    return quotas;
}

void pl_quotas_free(struct pl_quotas *quotas)
{
    struct pl_app_quota *app, *next;
    if (quotas == NULL)
        return;
    HASH_ITER (hh, quotas->apps, app, next) {
        HASH_DEL(quotas->apps, app);
        free(app);
    }
    pthread_mutex_destroy(&quotas->lock);
    pl_buckets_free(quotas->users);
    free(quotas);
}

/* ---- apps ---- */

static struct pl_app_quota *find_or_add(struct pl_quotas *quotas, const struct pl_app_id *app_id)
{
    struct pl_app_quota *app;
    pthread_mutex_lock(&quotas->lock);
    HASH_FIND(hh, quotas->apps, app_id, sizeof(*app_id), app);
    if (app == NULL) {
        app = calloc(1, sizeof(*app));
        pl_assert(app != NULL);
        app->quotas = quotas;
        app->app_id = *app_id;
        HASH_ADD(hh, quotas->apps, app_id, sizeof(app->app_id), app);
    }
    pthread_mutex_unlock(&quotas->lock);
    return app;
}

struct pl_app_quota *pl_quotas_app(struct pl_quotas *quotas, const struct pl_app_id *app_id, const struct pl_rows *rows,
                                   int row, int column)
{
    struct pl_app_quota *app = find_or_add(quotas, app_id);
    for (int i = 0; i < PL_QUOTAS_OF_APP; i++) {
        int64_t set = pl_rows_int(rows, row, column + i);
        int64_t unset = quotas->defaults[i];
        atomic_store_explicit(&app->per_second[i], set > 0 ? set : set == 0 ? unset : 0, memory_order_relaxed);
    }
    return app;
}

/* ---- taking ---- */

static void add_draw(struct pl_quota_taking *taking, struct pl_app_quota *app, unsigned quota, int64_t cost)
{
    int64_t per_second = atomic_load_explicit(&app->per_second[quota], memory_order_relaxed);
    if (cost == 0 || per_second == 0)
        return;
    taking->quotas[taking->count] = (enum pl_quota)quota;
    taking->draws[taking->count++] = (struct pl_draw){
        .bucket = quota >= KINDS ? &app->buckets[quota - KINDS] : NULL,
        .number = quota,
        .rate = {per_second, US_PER_S},
        .cost = cost,
    };
}

bool pl_quota_take(const struct pl_principal *principal, const struct pl_spending *spending, int64_t now_us,
                   struct pl_quota_taking *ret_taking)
{
    const int64_t costs[] = {spending->messages, spending->bytes, spending->creates};
    const struct pl_uuid *user_id = &principal->user_id.uuid;
    struct pl_app_quota *app = principal->quota;
    ret_taking->count = 0;
    if (app == NULL)
        return true;
    if (!pl_uuid_is_nil(user_id))
        for (unsigned i = 0; i < KINDS; i++)
            add_draw(ret_taking, app, i, costs[i]);
    unsigned of_user = ret_taking->count;
    for (unsigned i = 0; i < KINDS; i++)
        add_draw(ret_taking, app, KINDS + i, costs[i]);
    if (pl_buckets_take(of_user > 0 ? app->quotas->users : NULL, user_id, ret_taking->draws, ret_taking->count, now_us,
                        &ret_taking->shortage))
        return true;
    if (app->quotas->metrics != NULL)
        pl_metrics_add(app->quotas->metrics,
                       PL_METRIC_rate_limited_total + ret_taking->quotas[ret_taking->shortage.draw], 1);
    return false;
}

int pl_quota_retry_ms(const struct pl_quota_taking *taking)
{
    int64_t wait_ms = taking->shortage.wait_us / 1000 + 1;
    return wait_ms < INT32_MAX ? (int)wait_ms : INT32_MAX;
}

const char *pl_quota_key(const struct pl_quota_taking *taking)
{
    return rows_of_table[taking->quotas[taking->shortage.draw]].key;
}

const char *pl_quota_sentence(const struct pl_quota_taking *taking)
{
    return rows_of_table[taking->quotas[taking->shortage.draw]].sentence;
}

/* ---- headers ---- */

/* The draw that has the least left of what it may have; of a refusal, the one that was short. */
static unsigned closest(const struct pl_quota_taking *taking, bool was_taken)
{
    unsigned found = 0;
    if (!was_taken)
        return taking->shortage.draw;
    for (unsigned i = 1; i < taking->count; i++)
        if (taking->draws[i].full_in_ns > taking->draws[found].full_in_ns)
            found = i;
    return found;
}

const char *pl_quota_state(const struct pl_quota_taking *taking, bool was_taken, struct pl_arena *arena)
{
    if (taking->count == 0)
        return NULL;
    unsigned i = closest(taking, was_taken);
    const struct pl_draw *draw = &taking->draws[i];
    return pl_arena_printf(arena, "\"%s\";r=%" PRId64 ";t=%" PRId64, rows_of_table[taking->quotas[i]].key,
                           was_taken ? pl_draw_left(draw) : 0, (draw->full_in_ns + NS_PER_S - 1) / NS_PER_S);
}

const char *pl_quota_policy(const struct pl_quota_taking *taking, struct pl_arena *arena)
{
    char text[HEADER_BYTES_MAX];
    size_t bytes = 0;
    for (unsigned i = 0; i < taking->count; i++) {
        const char *unit = rows_of_table[taking->quotas[i]].unit;
        bytes += (size_t)snprintf(text + bytes, sizeof(text) - bytes, "%s\"%s\";q=%" PRId64 ";w=1", i > 0 ? ", " : "",
                                  rows_of_table[taking->quotas[i]].key, taking->draws[i].rate.capacity);
        if (unit[0] != '\0')
            bytes += (size_t)snprintf(text + bytes, sizeof(text) - bytes, ";qu=\"%s\"", unit);
        pl_assert(bytes < sizeof(text));
    }
    return taking->count == 0 ? NULL : pl_arena_copy(arena, text, bytes);
}
