/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Two runs: groups that together make a rate of deliveries, and a large one by itself, of which counts how long its
 * last member waits. Latencies are counted from when a message was due, so a server that cannot keep up is seen in
 * them.
 */
#include "bench/groups.h"

#include <stdlib.h>

#include "base/status.h"
#include "bench/load.h"
#include "bench/report.h"

static void run(const struct bench_options *options, struct bench_window **ret_windows)
{
    *ret_windows = calloc((size_t)options->windows, sizeof(**ret_windows));
    pl_assert(*ret_windows != NULL);
    bench_load_measure(options, (unsigned)options->groups, (unsigned)options->members, NULL, *ret_windows);
}

void bench_groups_run(const struct bench_options *options)
{
    struct bench_options large = *options;
    large.groups = 1;
    large.members = options->large_members;
    large.rate = options->large_rate;
    large.windows = 1;
    large.threads = 1;
    struct bench_window *many_windows;
    struct bench_window *large_window;
    run(options, &many_windows);
    run(&large, &large_window);
    bench_report_groups(options, many_windows, large_window);
    free(many_windows);
    free(large_window);
}
