/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/report.h"

#include <jansson.h>
#include <stdlib.h>

#include "bench/fail.h"

/* ---- figures of a window ---- */

static double per_second(const struct bench_window *window, int64_t amount)
{
    return (double)amount * 1e6 / (double)window->used.at_us;
}

static double per_message(const struct bench_window *window, int64_t amount)
{
    uint64_t messages = window->delivered_us.total;
    return messages == 0 ? 0 : (double)amount / (double)messages;
}

static int64_t others_cpu_us(const struct bench_window *window)
{
    const struct bench_counters *used = &window->used;
    int64_t others = used->machine_cpu_us - used->server_cpu_us - used->postgres_cpu_us - used->generator_cpu_us;
    return others > 0 ? others : 0;
}

static double cores(const struct bench_window *window, int64_t cpu_us)
{
    return (double)cpu_us / (double)window->used.at_us;
}

static double ms_at(const struct bench_histogram *histogram, double fraction)
{
    return (double)bench_histogram_at(histogram, fraction) / 1000;
}

/* ---- JSON ---- */

static json_t *latencies_json(const struct bench_histogram *histogram)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:I}", "p50_ms", ms_at(histogram, 0.5), "p95_ms", ms_at(histogram, 0.95),
                     "p99_ms", ms_at(histogram, 0.99), "max_ms", (double)histogram->max / 1000, "count",
                     (json_int_t)histogram->total);
}

static json_t *cpu_json(const struct bench_window *window)
{
    const struct bench_counters *used = &window->used;
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "server", (json_int_t)used->server_cpu_us, "postgres",
                     (json_int_t)used->postgres_cpu_us, "generator", (json_int_t)used->generator_cpu_us, "others",
                     (json_int_t)others_cpu_us(window), "stolen", (json_int_t)used->stolen_us);
}

static json_t *window_json(const struct bench_window *window)
{
    const struct bench_counters *used = &window->used;
    return json_pack(
        "{s:f, s:f, s:o, s:o, s:o, s:o, s:o, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I}", "seconds",
        (double)used->at_us / 1e6, "delivered_per_s", per_second(window, (int64_t)window->delivered_us.total),
        "send_to_delivered", latencies_json(&window->delivered_us), "send_to_sent", latencies_json(&window->sent_us),
        "send_to_last", latencies_json(&window->last_us), "fsync", latencies_json(&window->fsync_us), "cpu_us",
        cpu_json(window), "server_cpu_us_per_message", per_message(window, used->server_cpu_us),
        "postgres_cpu_us_per_message", per_message(window, used->postgres_cpu_us), "generator_cpu_us_per_message",
        per_message(window, used->generator_cpu_us), "wal_bytes_per_message", per_message(window, used->wal_bytes),
        "frames_to_server_per_message", per_message(window, window->frames_to_server), "frames_from_server_per_message",
        per_message(window, window->frames_from_server), "server_switches_per_s", per_second(window, used->switches),
        "server_rss_bytes", (json_int_t)window->server_rss_bytes);
}

static json_t *windows_json(const struct bench_window *windows, int count)
{
    json_t *results = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(results, window_json(&windows[i]));
    return results;
}

static json_t *settings_json(const struct bench_options *options)
{
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}",
                     "mode", bench_mode_name(options->mode), "pairs", options->pairs, "window", options->window,
                     "body_bytes", options->body_bytes, "rate", options->rate, "warmup_s", options->warmup_s, "seconds",
                     options->measure_s, "rows", options->rows, "threads", options->threads, "streams_per_connection",
                     options->streams_per_connection, "streams", options->streams, "chats", options->chats,
                     "checkpoint", options->checkpoint_wanted, "groups", options->groups, "members", options->members,
                     "large_members", options->large_members, "large_rate", options->large_rate, "swept",
                     options->swept);
}

/* Takes the results. */
static void write_json(const struct bench_options *options, const char *name, json_t *results)
{
    json_t *report =
        json_pack("{s:s, s:o, s:o}", "commit", options->commit, "settings", settings_json(options), name, results);
    pl_assert(report != NULL);
    if (options->json_file != NULL && json_dump_file(report, options->json_file, JSON_INDENT(2)) != 0)
        bench_fail("%s cannot be written", options->json_file);
    json_decref(report);
}

/* ---- tables ---- */

static void print_latencies(const char *name, const struct bench_histogram *histogram)
{
    printf("  %-22s p50 %8.2f   p95 %8.2f   p99 %8.2f   max %8.2f ms\n", name, ms_at(histogram, 0.5),
           ms_at(histogram, 0.95), ms_at(histogram, 0.99), (double)histogram->max / 1000);
}

static void print_aim(const char *what, double value, double aim, bool is_met)
{
    printf("  aim: %-38s %.1f (%.1f)   %s\n", what, value, aim, is_met ? "met" : "NOT MET");
}

static void print_costs(const struct bench_window *window)
{
    const struct bench_counters *used = &window->used;
    print_latencies("fsync of 8 KiB", &window->fsync_us);
    printf("  CPU per delivery       server %.1f   PostgreSQL %.1f   generator %.1f   together %.1f us\n",
           per_message(window, used->server_cpu_us), per_message(window, used->postgres_cpu_us),
           per_message(window, used->generator_cpu_us),
           per_message(window, used->server_cpu_us + used->postgres_cpu_us + used->generator_cpu_us));
    printf("  cores in use           server %.2f   PostgreSQL %.2f   generator %.2f   others %.2f   stolen %.2f\n",
           cores(window, used->server_cpu_us), cores(window, used->postgres_cpu_us),
           cores(window, used->generator_cpu_us), cores(window, others_cpu_us(window)), cores(window, used->stolen_us));
    printf("  WAL                    %.0f bytes a delivery\n", per_message(window, used->wal_bytes));
    printf("  frames a delivery      to the server %.2f   from it %.2f\n",
           per_message(window, window->frames_to_server), per_message(window, window->frames_from_server));
    printf("  server                 %.2f context switches a delivery, %.1f MB\n", per_message(window, used->switches),
           (double)window->server_rss_bytes / 1e6);
}

static void print_window(const struct bench_window *window)
{
    printf("  durable, delivered     %.0f messages/s\n", per_second(window, (int64_t)window->delivered_us.total));
    print_latencies("send -> delivered", &window->delivered_us);
    print_latencies("send -> sent", &window->sent_us);
    print_costs(window);
}

static int compare_windows(const void *a, const void *b)
{
    double first = per_second(a, (int64_t)((const struct bench_window *)a)->delivered_us.total);
    double second = per_second(b, (int64_t)((const struct bench_window *)b)->delivered_us.total);
    return (first > second) - (first < second);
}

/* What an idle server on this disk is to do: a few fsyncs, and little beside. */
static void print_latency_aims(const struct bench_window *window)
{
    double p50 = ms_at(&window->delivered_us, 0.5);
    double p99 = ms_at(&window->delivered_us, 0.99);
    double p50_max = 1.5 * ms_at(&window->fsync_us, 0.5) + 1.2;
    double p99_max = 3 * ms_at(&window->fsync_us, 0.99) + 5;
    print_aim("ms p50, 1.5 of fsync's + 1.2 at most", p50, p50_max, p50 <= p50_max);
    print_aim("ms p99, 3 of fsync's + 5 at most", p99, p99_max, p99 <= p99_max);
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
        printf("%.0f ", per_second(&windows[i], (int64_t)windows[i].delivered_us.total));
    printf("messages/s; the median one:\n");
    print_window(&windows[count / 2]);
    if (options->mode == BENCH_OPEN)
        print_latency_aims(&windows[count / 2]);
    printf("  every acknowledged message arrived once, in order, unchanged; receipts never went back\n");
    write_json(options, "windows", windows_json(windows, options->windows));
}

static void print_groups(const struct bench_window *window)
{
    print_latencies("send -> each member", &window->delivered_us);
    print_latencies("send -> last member", &window->last_us);
    print_latencies("send -> sent", &window->sent_us);
    print_costs(window);
}

void bench_report_groups(const struct bench_options *options, struct bench_window *many,
                         const struct bench_window *large)
{
    size_t count = (size_t)options->windows;
    qsort(many, count, sizeof(*many), compare_windows);
    const struct bench_window *median = &many[count / 2];
    double per_s = per_second(median, (int64_t)median->delivered_us.total);
    printf("parley-bench, server %s: %d groups of %d online members, %d to a connection, %d-byte bodies, %d messages/s"
           " in open loop\n  windows of %d s        ",
           options->commit, options->groups, options->members, options->streams_per_connection, options->body_bytes,
           options->rate, options->measure_s);
    for (size_t i = 0; i < count; i++)
        printf("%.0f ", per_second(&many[i], (int64_t)many[i].delivered_us.total));
    printf("deliveries/s; the median one:\n");
    print_groups(median);
    print_aim("deliveries/s at least", per_s, 100000, per_s >= 100000);
    print_aim("ms to a member, p99 at most", ms_at(&median->delivered_us, 0.99), 60,
              bench_histogram_at(&median->delivered_us, 0.99) <= 60000);
    printf("one group of %d online members, %d messages/s, %.0f deliveries/s\n", options->large_members,
           options->large_rate, per_second(large, (int64_t)large->delivered_us.total));
    print_groups(large);
    print_aim("ms to the last member, p99 at most", ms_at(&large->last_us, 0.99), 60,
              bench_histogram_at(&large->last_us, 0.99) <= 60000);
    printf("  every message arrived at each member once, in order, unchanged; no receipt was early or went back\n");
    write_json(
        options, "groups",
        json_pack("{s:o, s:o}", "windows", windows_json(many, options->windows), "large", windows_json(large, 1)));
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
    printf("  CPU while idle         server %.3f cores, PostgreSQL %.3f\n", cores(window, window->used.server_cpu_us),
           cores(window, window->used.postgres_cpu_us));
    double memory_max = has_websockets ? 48 : 36;
    print_aim("KB of memory, at most", server + gateway, memory_max, server + gateway <= memory_max);
    print_aim("us/s of the server's CPU, at most", cpu_us, 2, cpu_us <= 2);
    write_json(options, "idle",
               json_pack("{s:f, s:f, s:f, s:I, s:f, s:o}", "rss_bytes_per_stream", server * 1000,
                         "gateway_bytes_per_websocket", gateway * 1000, "server_cpu_us_per_s_and_stream", cpu_us,
                         "rss_before_bytes", (json_int_t)result->rss_before_bytes, "connect_s",
                         (double)result->connect_us / 1e6, "window", window_json(window)));
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
           (double)others_cpu_us(&result->window) / 1e6, (double)used->stolen_us / 1e6);
    printf("  server                 %.1f MB\n", (double)result->window.server_rss_bytes / 1e6);
    printf("  each stream got welcome first and caught_up once; a message in each chat then came to both members\n");
    write_json(
        options, "reconnect",
        json_pack("{s:f, s:o}", "start_s", (double)result->start_us / 1e6, "window", window_json(&result->window)));
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
    double per_s = (double)messages * 1e6 / (double)rounds[options->windows / 2].all_us;
    printf("  CPU per message        server %.1f   PostgreSQL %.1f   generator %.1f us\n",
           (double)used->server_cpu_us / all, (double)used->postgres_cpu_us / all,
           (double)used->generator_cpu_us / all);
    print_aim("messages/s, the median, at least", per_s, 60000, per_s >= 60000);
    print_aim("ms to the first entry, at most", (double)first_max_us / 1000, 20, first_max_us <= 20000);
    printf("  every message came once, in order, unchanged, before caught_up, and nothing behind it\n");
    write_json(options, "drain",
               json_pack("{s:f, s:o, s:o}", "messages_per_s", per_s, "rounds", results, "window", window_json(window)));
}

static void print_swept(const char *what, const struct bench_sweep_result *result)
{
    double without = ms_at(&result->without.sent_us, 0.99);
    double with = ms_at(&result->with.sent_us, 0.99);
    int64_t postgres_us = result->with.used.postgres_cpu_us - result->without.used.postgres_cpu_us;
    printf("%s: %.0f/s, PostgreSQL's CPU %.1f us each\n", what, result->swept_per_s,
           (double)postgres_us / result->swept_per_s * 1e6 / (double)result->with.used.at_us);
    print_latencies("send -> sent, without", &result->without.sent_us);
    print_latencies("send -> sent, with", &result->with.sent_us);
    print_latencies("delivered, without", &result->without.delivered_us);
    print_latencies("delivered, with", &result->with.delivered_us);
    print_latencies("fsync of 8 KiB, without", &result->without.fsync_us);
    print_latencies("fsync of 8 KiB, with", &result->with.fsync_us);
    print_aim("p99 of sent, with to without, at most", with / without, 1.5, with <= 1.5 * without);
}

static json_t *swept_json(const struct bench_sweep_result *result)
{
    return json_pack("{s:f, s:o, s:o}", "swept_per_s", result->swept_per_s, "without", window_json(&result->without),
                     "with", window_json(&result->with));
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
    write_json(options, "sweep", json_pack("{s:o, s:o}", "bodies", swept_json(bodies), "rows", swept_json(rows)));
}
