/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/report.h"

#include <stdlib.h>

#include "bench/report_parts.h"

static void print_window(const struct bench_window *window)
{
    printf("  durable, delivered     %.0f messages/s\n", bench_per_second(window, (int64_t)window->delivered_us.total));
    bench_print_latencies("send -> delivered", &window->delivered_us);
    bench_print_latencies("send -> sent", &window->sent_us);
    bench_print_costs(window);
}

static int compare_windows(const void *a, const void *b)
{
    double first = bench_per_second(a, (int64_t)((const struct bench_window *)a)->delivered_us.total);
    double second = bench_per_second(b, (int64_t)((const struct bench_window *)b)->delivered_us.total);
    return (first > second) - (first < second);
}

/* What an idle server on this disk is to do: a few fsyncs, and little beside. */
static void print_latency_aims(const struct bench_window *window)
{
    double p50 = bench_ms_at(&window->delivered_us, 0.5);
    double p99 = bench_ms_at(&window->delivered_us, 0.99);
    double p50_max = 1.5 * bench_ms_at(&window->fsync_us, 0.5) + 1.2;
    double p99_max = 3 * bench_ms_at(&window->fsync_us, 0.99) + 5;
    bench_print_aim("ms p50, 1.5 of fsync's + 1.2 at most", p50, p50_max, p50 <= p50_max);
    bench_print_aim("ms p99, 3 of fsync's + 5 at most", p99, p99_max, p99 <= p99_max);
}

void bench_report_load(const struct bench_options *options, struct bench_window *windows)
{
    size_t count = (size_t)options->windows;
    qsort(windows, count, sizeof(*windows), compare_windows);
    printf("parley-bench, server %s: %d pairs, %d in flight, %d-byte bodies, %d rows before, %s", options->commit,
           options->pairs, options->window, options->body_bytes, options->rows,
           options->mode == BENCH_OPEN ? "open loop" : "closed loop");
    if (options->mode == BENCH_OPEN)
        printf(" at %d/s", options->rate);
    printf("\n  windows of %d s        ", options->measure_s);
    for (size_t i = 0; i < count; i++)
        printf("%.0f ", bench_per_second(&windows[i], (int64_t)windows[i].delivered_us.total));
    printf("messages/s; the median one:\n");
    print_window(&windows[count / 2]);
    if (options->mode == BENCH_OPEN)
        print_latency_aims(&windows[count / 2]);
    printf("  every acknowledged message arrived once, in order, unchanged; receipts never went back\n");
    bench_write_json(options, "windows", bench_windows_json(windows, options->windows));
}

static void print_groups(const struct bench_window *window)
{
    bench_print_latencies("send -> each member", &window->delivered_us);
    bench_print_latencies("send -> last member", &window->last_us);
    bench_print_latencies("send -> sent", &window->sent_us);
    bench_print_costs(window);
}

void bench_report_groups(const struct bench_options *options, struct bench_window *many,
                         const struct bench_window *large)
{
    size_t count = (size_t)options->windows;
    qsort(many, count, sizeof(*many), compare_windows);
    const struct bench_window *median = &many[count / 2];
    double per_s = bench_per_second(median, (int64_t)median->delivered_us.total);
    printf("parley-bench, server %s: %d groups of %d online members, %d to a connection, %d-byte bodies, %d messages/s"
           " in open loop\n  windows of %d s        ",
           options->commit, options->groups, options->members, options->streams_per_connection, options->body_bytes,
           options->rate, options->measure_s);
    for (size_t i = 0; i < count; i++)
        printf("%.0f ", bench_per_second(&many[i], (int64_t)many[i].delivered_us.total));
    printf("deliveries/s; the median one:\n");
    print_groups(median);
    bench_print_aim("deliveries/s at least", per_s, 100000, per_s >= 100000);
    bench_print_aim("ms to a member, p99 at most", bench_ms_at(&median->delivered_us, 0.99), 60,
                    bench_histogram_at(&median->delivered_us, 0.99) <= 60000);
    printf("one group of %d online members, %d messages/s, %.0f deliveries/s\n", options->large_members,
           options->large_rate, bench_per_second(large, (int64_t)large->delivered_us.total));
    print_groups(large);
    bench_print_aim("ms to the last member, p99 at most", bench_ms_at(&large->last_us, 0.99), 60,
                    bench_histogram_at(&large->last_us, 0.99) <= 60000);
    printf("  every message arrived at each member once, in order, unchanged; no receipt was early or went back\n");
    bench_write_json(options, "groups",
                     json_pack("{s:o, s:o}", "windows", bench_windows_json(many, options->windows), "large",
                               bench_windows_json(large, 1)));
}

void bench_report_idle(const struct bench_options *options, const struct bench_idle_result *result)
{
    const struct bench_window *window = &result->window;
    bool has_websockets = options->gateway != NULL;
    double server = (double)(window->server_rss_bytes - result->rss_before_bytes) / options->streams / 1000;
    double gateway = (double)(result->gateway_bytes - result->gateway_before_bytes) / options->streams / 1000;
    double cpu_us = (double)window->used.server_cpu_us * 1e6 / (double)window->used.at_us / options->streams;
    if (has_websockets)
        printf("parley-bench, server %s: %d idle WebSockets, each in %d chats\n", options->commit, options->streams,
               options->chats);
    else
        printf("parley-bench, server %s: %d idle streams, %d to a connection, each in %d chats\n", options->commit,
               options->streams, options->streams_per_connection, options->chats);
    printf("  memory of the server   %.1f KB a stream (%.1f MB before, %.1f MB with them)\n", server,
           (double)result->rss_before_bytes / 1e6, (double)window->server_rss_bytes / 1e6);
    if (has_websockets)
        printf("  memory of the gateway  %.1f KB a WebSocket (%.1f MB before, %.1f MB with them)\n", gateway,
               (double)result->gateway_before_bytes / 1e6, (double)result->gateway_bytes / 1e6);
    printf("  all caught up after    %.2f s\n", (double)result->connect_us / 1e6);
    printf("  CPU while idle         server %.3f cores, PostgreSQL %.3f\n",
           bench_cores(window, window->used.server_cpu_us), bench_cores(window, window->used.postgres_cpu_us));
    double memory_max = has_websockets ? 48 : 36;
    bench_print_aim("KB of memory, at most", server + gateway, memory_max, server + gateway <= memory_max);
    bench_print_aim("us/s of the server's CPU, at most", cpu_us, 2, cpu_us <= 2);
    bench_write_json(options, "idle",
                     json_pack("{s:f, s:f, s:f, s:I, s:f, s:o}", "rss_bytes_per_stream", server * 1000,
                               "gateway_bytes_per_websocket", gateway * 1000, "server_cpu_us_per_s_and_stream", cpu_us,
                               "rss_before_bytes", (json_int_t)result->rss_before_bytes, "connect_s",
                               (double)result->connect_us / 1e6, "window", bench_window_json(window)));
}

void bench_report_reconnect(const struct bench_options *options, const struct bench_reconnect_result *result)
{
    const struct bench_counters *used = &result->window.used;
    printf("parley-bench, server %s: %d streams come back after a kill, %d to a connection, each in %d chats\n",
           options->commit, options->streams, options->streams_per_connection, options->chats);
    printf("  server started in      %.2f s\n", (double)result->start_us / 1e6);
    printf("  all caught up after    %.2f s\n", (double)used->at_us / 1e6);
    printf("  CPU s                  server %.2f   PostgreSQL %.2f   generator %.2f   others %.2f   stolen %.2f\n",
           (double)used->server_cpu_us / 1e6, (double)used->postgres_cpu_us / 1e6, (double)used->generator_cpu_us / 1e6,
           (double)bench_others_cpu_us(&result->window) / 1e6, (double)used->stolen_us / 1e6);
    printf("  server                 %.1f MB\n", (double)result->window.server_rss_bytes / 1e6);
    printf("  each stream got welcome first and caught_up once; a message in each chat then came to both members\n");
    bench_write_json(options, "reconnect",
                     json_pack("{s:f, s:o}", "start_s", (double)result->start_us / 1e6, "window",
                               bench_window_json(&result->window)));
}

static int compare_rounds(const void *a, const void *b)
{
    int64_t first = ((const struct bench_drain_round *)a)->all_us;
    int64_t second = ((const struct bench_drain_round *)b)->all_us;
    return (first > second) - (first < second);
}

void bench_report_drain(const struct bench_options *options, struct bench_drain_round *rounds,
                        const struct bench_window *window)
{
    const struct bench_counters *used = &window->used;
    int messages = options->messages / options->chats * options->chats;
    double all = (double)messages * options->windows;
    int64_t first_max_us = 0;
    json_t *results = json_array();
    qsort(rounds, (size_t)options->windows, sizeof(*rounds), compare_rounds);
    printf("parley-bench, server %s: a device drains %d messages of %d bytes from %d chats\n", options->commit,
           messages, options->body_bytes, options->chats);
    for (int i = 0; i < options->windows; i++) {
        const struct bench_drain_round *round = &rounds[i];
        printf("  caught up after        %.1f ms, the first entry after %.1f ms\n", (double)round->all_us / 1000,
               (double)round->first_us / 1000);
        first_max_us = round->first_us > first_max_us ? round->first_us : first_max_us;
        json_array_append_new(results, json_pack("{s:f, s:f}", "first_ms", (double)round->first_us / 1000, "all_ms",
                                                 (double)round->all_us / 1000));
    }
    const int middle = options->windows / 2;
    double per_s = (double)messages * 1e6 / (double)rounds[middle].all_us;
    printf("  CPU per message        server %.1f   PostgreSQL %.1f   generator %.1f us\n",
           (double)used->server_cpu_us / all, (double)used->postgres_cpu_us / all,
           (double)used->generator_cpu_us / all);
    bench_print_aim("messages/s, the median, at least", per_s, 60000, per_s >= 60000);
    bench_print_aim("ms to the first entry, at most", (double)first_max_us / 1000, 20, first_max_us <= 20000);
    printf("  every message came once, in order, unchanged, before caught_up, and nothing behind it\n");
    bench_write_json(
        options, "drain",
        json_pack("{s:f, s:o, s:o}", "messages_per_s", per_s, "rounds", results, "window", bench_window_json(window)));
}

static void print_swept(const char *what, const struct bench_sweep_result *result)
{
    double without = bench_ms_at(&result->without.sent_us, 0.99);
    double with = bench_ms_at(&result->with.sent_us, 0.99);
    int64_t postgres_us = result->with.used.postgres_cpu_us - result->without.used.postgres_cpu_us;
    printf("%s: %.0f/s, PostgreSQL's CPU %.1f us each\n", what, result->swept_per_s,
           (double)postgres_us / result->swept_per_s * 1e6 / (double)result->with.used.at_us);
    bench_print_latencies("send -> sent, without", &result->without.sent_us);
    bench_print_latencies("send -> sent, with", &result->with.sent_us);
    bench_print_latencies("delivered, without", &result->without.delivered_us);
    bench_print_latencies("delivered, with", &result->with.delivered_us);
    bench_print_latencies("fsync of 8 KiB, without", &result->without.fsync_us);
    bench_print_latencies("fsync of 8 KiB, with", &result->with.fsync_us);
    bench_print_aim("p99 of sent, with to without, at most", with / without, 1.5, with <= 1.5 * without);
}

static json_t *swept_json(const struct bench_sweep_result *result)
{
    return json_pack("{s:f, s:o, s:o}", "swept_per_s", result->swept_per_s, "without",
                     bench_window_json(&result->without), "with", bench_window_json(&result->with));
}

void bench_report_sweep(const struct bench_options *options, const struct bench_sweep_result *bodies,
                        const struct bench_sweep_result *rows)
{
    printf("parley-bench, server %s: %d pairs, %d messages/s in open loop, %d rows before; %d windows of %d s without"
           " and %d with the sweeper at work\n",
           options->commit, options->pairs, options->rate, options->rows, options->windows, options->measure_s,
           options->windows);
    print_swept("bodies of expired messages go", bodies);
    print_swept("rows that an app keeps no longer go", rows);
    printf("  what was sent is there, what was over is gone, and the API says so\n");
    bench_write_json(options, "sweep", json_pack("{s:o, s:o}", "bodies", swept_json(bodies), "rows", swept_json(rows)));
}

void bench_report_noisy(const struct bench_options *options, const struct bench_noisy_result *result)
{
    double without = bench_ms_at(&result->without.delivered_us, 0.99);
    double with = bench_ms_at(&result->with.delivered_us, 0.99);
    printf(
        "parley-bench, server %s: %d pairs, %d messages/s in open loop; %d windows of %d s without and %d with a group"
        " of %d online members beside, %d messages/s\n",
        options->commit, options->pairs, options->rate, options->windows, options->measure_s, options->windows,
        options->large_members, options->large_rate);
    bench_print_latencies("pairs, without", &result->without.delivered_us);
    bench_print_latencies("pairs, with", &result->with.delivered_us);
    bench_print_latencies("fsync of 8 KiB, without", &result->without.fsync_us);
    bench_print_latencies("fsync of 8 KiB, with", &result->with.fsync_us);
    bench_print_aim("p99 of the pairs, with to without", with / without, 1.5, with <= 1.5 * without);
    printf("  every acknowledged message arrived once, in order, unchanged; receipts never went back\n");
    bench_write_json(options, "noisy",
                     json_pack("{s:o, s:o}", "without", bench_window_json(&result->without), "with",
                               bench_window_json(&result->with)));
}
