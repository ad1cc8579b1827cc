/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Metrics: counting, histograms and the Prometheus text; tests/e2e/test_metrics.py reads the text strictly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "base/process.h"

enum { THREADS = 4, ADDS = 10000 };

static struct pl_metrics metrics;

static int forget(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PL_METRICS_MAX; i++)
        pl_metrics_set(&metrics, i, 0);
    return 0;
}

/* The text; the caller frees it. */
static char *text_of_all(void)
{
    struct pl_metrics_table table = {.metrics = &metrics, .rows = pl_metric_rows, .row_count = PL_METRIC_ROW_COUNT};
    struct pl_buf buf;
    pl_buf_init(&buf, 1 << 20);
    pl_metrics_format(&table, &buf);
    pl_buf_put_u8(&buf, '\0');
    assert_false(buf.overflowed);
    char *text = strdup((const char *)buf.data);
    pl_buf_fini(&buf);
    return text;
}

static void assert_text_has(const char *part)
{
    char *text = text_of_all();
    if (strstr(text, part) == NULL)
        print_error("\"%s\" is not in\n%s\n", part, text);
    assert_non_null(strstr(text, part));
    free(text);
}

static bool ends_in(const char *text, const char *end)
{
    size_t text_bytes = strlen(text);
    size_t end_bytes = strlen(end);
    return text_bytes > end_bytes && strcmp(text + text_bytes - end_bytes, end) == 0;
}

static void *add_many(void *argument)
{
    for (unsigned i = 0; i < ADDS; i++) {
        pl_metrics_add(argument, PL_METRIC_connections_accepted_total, 1);
        pl_metrics_observe_us(argument, PL_METRIC_call_seconds, i);
    }
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    pthread_t threads[THREADS];
    (void)state;

    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, &metrics), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_connections_accepted_total), THREADS * ADDS);
    assert_int_equal(pl_metrics_observed(&metrics, PL_METRIC_call_seconds), THREADS * ADDS);
}

static void text_holds_help_type_and_value(void **state)
{
    (void)state;

    pl_metrics_add(&metrics, PL_METRIC_calls_refused_total, 42);
    pl_metrics_set(&metrics, PL_METRIC_streams, -1);
    assert_text_has("# HELP parley_calls_refused_total Unary calls and streams refused because the server was full.\n"
                    "# TYPE parley_calls_refused_total counter\n"
                    "parley_calls_refused_total 42\n");
    assert_text_has("# TYPE parley_streams gauge\nparley_streams -1\n");
}

static void labels_name_code_and_reason(void **state)
{
    (void)state;

    pl_metrics_add(&metrics, PL_METRIC_calls_total + PL_OK, 5);
    pl_metrics_add(&metrics, PL_METRIC_calls_total + PL_DRAINING, 7);
    pl_metrics_refuse(&metrics, PL_METRIC_messages_refused_total, PL_NOT_A_MEMBER);
    assert_text_has("parley_calls_total{code=\"0\",reason=\"OK\"} 5\n");
    assert_text_has("parley_calls_total{code=\"14\",reason=\"DRAINING\"} 7\n");
    assert_text_has("parley_messages_refused_total{code=\"7\",reason=\"NOT_A_MEMBER\"} 1\n");
    assert_text_has("parley_build_info{version=\"" PARLEY_VERSION "\"} 0\n");
}

static void what_is_not_known_is_left_out(void **state)
{
    (void)state;

    pl_metrics_set(&metrics, PL_METRIC_streams, PL_METRIC_ABSENT);
    assert_text_has("# TYPE parley_streams gauge\n#");
}

static void buckets_hold_their_upper_bound_and_are_cumulative(void **state)
{
    (void)state;

    pl_metrics_observe_us(&metrics, PL_METRIC_call_seconds, 0);
    pl_metrics_observe_us(&metrics, PL_METRIC_call_seconds, 100);
    pl_metrics_observe_us(&metrics, PL_METRIC_call_seconds, 101);
    pl_metrics_observe_us(&metrics, PL_METRIC_call_seconds, 250000);
    pl_metrics_observe_us(&metrics, PL_METRIC_call_seconds, 60000000);
    assert_text_has("# TYPE parley_call_seconds histogram\n"
                    "parley_call_seconds_bucket{le=\"0.0001\"} 2\n"
                    "parley_call_seconds_bucket{le=\"0.00025\"} 3\n");
    assert_text_has("parley_call_seconds_bucket{le=\"0.1\"} 3\n"
                    "parley_call_seconds_bucket{le=\"0.25\"} 4\n");
    assert_text_has("parley_call_seconds_bucket{le=\"30\"} 4\n"
                    "parley_call_seconds_bucket{le=\"+Inf\"} 5\n"
                    "parley_call_seconds_sum 60.250201\n"
                    "parley_call_seconds_count 5\n");
}

static void entries_are_counted_whole(void **state)
{
    (void)state;

    pl_metrics_observe_entries(&metrics, PL_METRIC_append_batch_entries, 3);
    pl_metrics_observe_entries(&metrics, PL_METRIC_append_batch_entries, 2000);
    assert_text_has("parley_append_batch_entries_bucket{le=\"2\"} 0\n"
                    "parley_append_batch_entries_bucket{le=\"4\"} 1\n");
    assert_text_has("parley_append_batch_entries_bucket{le=\"1024\"} 1\n"
                    "parley_append_batch_entries_bucket{le=\"+Inf\"} 2\n");
}

static void bounds_rise(void **state)
{
    const struct pl_bounds *all[] = {&pl_bounds_seconds, &pl_bounds_entries};
    (void)state;

    for (unsigned i = 0; i < 2; i++) {
        assert_true(all[i]->count <= PL_BOUNDS_MAX);
        for (unsigned k = 1; k < all[i]->count; k++)
            assert_true(all[i]->bounds[k - 1] < all[i]->bounds[k]);
    }
}

static void rows_do_not_share_places(void **state)
{
    (void)state;

    for (unsigned i = 0; i < PL_METRIC_ROW_COUNT; i++) {
        const struct pl_metric_row *row = &pl_metric_rows[i];
        unsigned end = row->first + (row->bounds != NULL ? PL_HISTOGRAM_SLOTS : row->count);
        assert_int_equal(end, i + 1 < PL_METRIC_ROW_COUNT ? pl_metric_rows[i + 1].first : (unsigned)PL_METRIC_COUNT);
    }
}

static void names_tell_type_and_unit(void **state)
{
    (void)state;

    for (unsigned i = 0; i < PL_METRIC_ROW_COUNT; i++) {
        const struct pl_metric_row *row = &pl_metric_rows[i];
        bool is_gauge = strcmp(row->type, "gauge") == 0;
        if (row->bounds != NULL)
            assert_ptr_equal(row->bounds, ends_in(row->name, "_seconds") ? &pl_bounds_seconds : &pl_bounds_entries);
        else
            assert_string_equal(row->type, ends_in(row->name, "_total") ? "counter" : "gauge");
        assert_true(is_gauge || row->bounds != NULL || strcmp(row->type, "counter") == 0);
    }
}

static double sample(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    assert_non_null(at);
    return strtod(at + strlen(name), NULL);
}

static void process_tells_of_itself(void **state)
{
    struct pl_buf buf;
    (void)state;

    pl_buf_init(&buf, 1 << 20);
    pl_process_format(pl_process_started_s(), &buf);
    pl_buf_put_u8(&buf, '\0');
    const char *text = (const char *)buf.data;
    assert_true(sample(text, "\nprocess_cpu_seconds_total ") > 0);
    assert_true(sample(text, "\nprocess_resident_memory_bytes ") > 100000);
    assert_true(sample(text, "\nprocess_open_fds ") >= 3);
    assert_true(sample(text, "\nprocess_max_fds ") >= sample(text, "\nprocess_open_fds "));
    assert_true(sample(text, "\nprocess_start_time_seconds ") > 1e9);
    pl_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(threads_lose_no_count, forget),
        cmocka_unit_test_setup(text_holds_help_type_and_value, forget),
        cmocka_unit_test_setup(labels_name_code_and_reason, forget),
        cmocka_unit_test_setup(what_is_not_known_is_left_out, forget),
        cmocka_unit_test_setup(buckets_hold_their_upper_bound_and_are_cumulative, forget),
        cmocka_unit_test_setup(entries_are_counted_whole, forget),
        cmocka_unit_test(bounds_rise),
        cmocka_unit_test(rows_do_not_share_places),
        cmocka_unit_test(names_tell_type_and_unit),
        cmocka_unit_test(process_tells_of_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
