/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/report_parts.h"

#include "bench/fail.h"

/* ---- figures of a window ---- */

double bench_per_second(const struct bench_window *window, int64_t amount)
{
    return (double)amount * 1e6 / (double)window->used.at_us;
}

double bench_per_message(const struct bench_window *window, int64_t amount)
{
    uint64_t messages = window->delivered_us.total;
    return messages == 0 ? 0 : (double)amount / (double)messages;
}

int64_t bench_others_cpu_us(const struct bench_window *window)
{
    const struct bench_counters *used = &window->used;
    int64_t others = used->machine_cpu_us - used->server_cpu_us - used->postgres_cpu_us - used->generator_cpu_us;
    return others > 0 ? others : 0;
}

double bench_cores(const struct bench_window *window, int64_t cpu_us)
{
    return (double)cpu_us / (double)window->used.at_us;
}

double bench_ms_at(const struct bench_histogram *histogram, double fraction)
{
    return (double)bench_histogram_at(histogram, fraction) / 1000;
}

/* ---- JSON ---- */

static json_t *latencies_json(const struct bench_histogram *histogram)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:I}", "p50_ms", bench_ms_at(histogram, 0.5), "p95_ms",
                     bench_ms_at(histogram, 0.95), "p99_ms", bench_ms_at(histogram, 0.99), "max_ms",
                     (double)histogram->max / 1000, "count", (json_int_t)histogram->total);
}

static json_t *cpu_json(const struct bench_window *window)
{
    const struct bench_counters *used = &window->used;
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "server", (json_int_t)used->server_cpu_us, "postgres",
                     (json_int_t)used->postgres_cpu_us, "generator", (json_int_t)used->generator_cpu_us, "others",
                     (json_int_t)bench_others_cpu_us(window), "stolen", (json_int_t)used->stolen_us);
}

json_t *bench_window_json(const struct bench_window *window)
{
    const struct bench_counters *used = &window->used;
    return json_pack(
        "{s:f, s:f, s:o, s:o, s:o, s:o, s:o, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I}", "seconds",
        (double)used->at_us / 1e6, "delivered_per_s", bench_per_second(window, (int64_t)window->delivered_us.total),
        "send_to_delivered", latencies_json(&window->delivered_us), "send_to_sent", latencies_json(&window->sent_us),
        "send_to_last", latencies_json(&window->last_us), "fsync", latencies_json(&window->fsync_us), "cpu_us",
        cpu_json(window), "server_cpu_us_per_message", bench_per_message(window, used->server_cpu_us),
        "postgres_cpu_us_per_message", bench_per_message(window, used->postgres_cpu_us), "generator_cpu_us_per_message",
        bench_per_message(window, used->generator_cpu_us), "wal_bytes_per_message",
        bench_per_message(window, used->wal_bytes), "frames_to_server_per_message",
        bench_per_message(window, window->frames_to_server), "frames_from_server_per_message",
        bench_per_message(window, window->frames_from_server), "server_switches_per_s",
        bench_per_second(window, used->switches), "server_rss_bytes", (json_int_t)window->server_rss_bytes);
}

json_t *bench_windows_json(const struct bench_window *windows, int count)
{
    json_t *results = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(results, bench_window_json(&windows[i]));
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

void bench_write_json(const struct bench_options *options, const char *name, json_t *results)
{
    json_t *report =
        json_pack("{s:s, s:o, s:o}", "commit", options->commit, "settings", settings_json(options), name, results);
    pl_assert(report != NULL);
    if (options->json_file != NULL && json_dump_file(report, options->json_file, JSON_INDENT(2)) != 0)
        bench_fail("%s cannot be written", options->json_file);
    json_decref(report);
}

/* ---- tables ---- */

void bench_print_latencies(const char *name, const struct bench_histogram *histogram)
{
    printf("  %-22s p50 %8.2f   p95 %8.2f   p99 %8.2f   max %8.2f ms\n", name, bench_ms_at(histogram, 0.5),
           bench_ms_at(histogram, 0.95), bench_ms_at(histogram, 0.99), (double)histogram->max / 1000);
}

void bench_print_aim(const char *what, double value, double aim, bool is_met)
{
    printf("  aim: %-38s %.1f (%.1f)   %s\n", what, value, aim, is_met ? "met" : "NOT MET");
}

void bench_print_costs(const struct bench_window *window)
{
    const struct bench_counters *used = &window->used;
    bench_print_latencies("fsync of 8 KiB", &window->fsync_us);
    printf("  CPU per delivery       server %.1f   PostgreSQL %.1f   generator %.1f   together %.1f us\n",
           bench_per_message(window, used->server_cpu_us), bench_per_message(window, used->postgres_cpu_us),
           bench_per_message(window, used->generator_cpu_us),
           bench_per_message(window, used->server_cpu_us + used->postgres_cpu_us + used->generator_cpu_us));
    printf("  cores in use           server %.2f   PostgreSQL %.2f   generator %.2f   others %.2f   stolen %.2f\n",
           bench_cores(window, used->server_cpu_us), bench_cores(window, used->postgres_cpu_us),
           bench_cores(window, used->generator_cpu_us), bench_cores(window, bench_others_cpu_us(window)),
           bench_cores(window, used->stolen_us));
    printf("  WAL                    %.0f bytes a delivery\n", bench_per_message(window, used->wal_bytes));
    printf("  frames a delivery      to the server %.2f   from it %.2f\n",
           bench_per_message(window, window->frames_to_server), bench_per_message(window, window->frames_from_server));
    printf("  server                 %.2f context switches a delivery, %.1f MB\n",
           bench_per_message(window, used->switches), (double)window->server_rss_bytes / 1e6);
}
