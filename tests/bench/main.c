/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * parley-bench: load on a running parleyd over loopback, verified while it is measured. tests/bench/run starts what it
 * needs. Exit code 0: measured and every promise held; 1: a promise was broken or the run could not be made; 2: usage.
 */
#include <signal.h>
#include <sys/resource.h>

#include "bench/drain.h"
#include "bench/groups.h"
#include "bench/idle.h"
#include "bench/load.h"
#include "bench/noisy.h"
#include "bench/options.h"
#include "bench/prefill.h"
#include "bench/reconnect.h"
#include "bench/rpc.h"
#include "bench/sweep.h"

/* Thousands of connections need as many files. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options;
    bench_options_read(argc, argv, &options);
    signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    if (options.rows > 0)
        bench_prefill(&options);
    if (options.mode == BENCH_PREFILL)
        return 0;
    bench_rpc_start();
    if (options.mode == BENCH_IDLE)
        bench_idle_run(&options);
    else if (options.mode == BENCH_RECONNECT)
        bench_reconnect_run(&options);
    else if (options.mode == BENCH_GROUPS)
        bench_groups_run(&options);
    else if (options.mode == BENCH_DRAIN)
        bench_drain_run(&options);
    else if (options.mode == BENCH_NOISY)
        bench_noisy_run(&options);
    else if (options.mode == BENCH_SWEEP)
        bench_sweep_run(&options);
    else
        bench_load_run(&options);
    bench_rpc_stop();
    return 0;
}
