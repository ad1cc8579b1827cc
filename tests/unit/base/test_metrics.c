/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Metrics: counting and the Prometheus text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "base/metrics.h"

enum { THREADS = 4, ADDS = 10000 };

static void *add_many(void *argument)
{
    for (unsigned i = 0; i < ADDS; i++)
        pl_metrics_add(argument, PL_METRIC_calls_total, 1);
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    struct pl_metrics metrics = {0};
    pthread_t threads[THREADS];
    (void)state;

    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, &metrics), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_calls_total), THREADS * ADDS);
}

static void text_holds_help_type_and_value_of_each(void **state)
{
    struct pl_metrics metrics = {0};
    struct pl_metrics_table table = {.metrics = &metrics, .rows = pl_metric_rows, .count = PL_METRIC_COUNT};
    struct pl_buf buf;
    unsigned lines = 0;
    (void)state;

    pl_metrics_add(&metrics, PL_METRIC_calls_total, 42);
    pl_metrics_set(&metrics, PL_METRIC_streams, -1);
    pl_buf_init(&buf, 1 << 20);
    pl_metrics_format(&table, &buf);
    pl_buf_put_u8(&buf, '\0');
    const char *text = (const char *)buf.data;
    assert_non_null(strstr(text, "# HELP parley_calls_total Unary calls finished.\n"
                                 "# TYPE parley_calls_total counter\n"
                                 "parley_calls_total 42\n"));
    assert_non_null(strstr(text, "# TYPE parley_streams gauge\nparley_streams -1\n"));
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 3 * PL_METRIC_COUNT);
    pl_buf_fini(&buf);
}

static void counters_and_only_counters_end_in_total(void **state)
{
    (void)state;

    for (unsigned i = 0; i < PL_METRIC_COUNT; i++) {
        size_t bytes = strlen(pl_metric_rows[i].name);
        int is_total = bytes > 6 && strcmp(pl_metric_rows[i].name + bytes - 6, "_total") == 0;
        assert_string_equal(pl_metric_rows[i].type, is_total ? "counter" : "gauge");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_lose_no_count),
        cmocka_unit_test(text_holds_help_type_and_value_of_each),
        cmocka_unit_test(counters_and_only_counters_end_in_total),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
