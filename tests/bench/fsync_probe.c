/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/fsync_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/fail.h"

#define BLOCK_BYTES 8192
#define FILE_BLOCKS 256
#define PERIOD_US 50000

struct bench_fsync_probe {
    pthread_t thread;
    atomic_bool stopping;
    pthread_mutex_t lock; /* of latencies */
    struct bench_histogram latencies;
    int file;
};

static void sync_block(struct bench_fsync_probe *probe, off_t block)
{
    static const char zeros[BLOCK_BYTES];
    if (pwrite(probe->file, zeros, BLOCK_BYTES, block * BLOCK_BYTES) != BLOCK_BYTES || fdatasync(probe->file) != 0)
        bench_fail("the fsync probe: %s", strerror(errno));
}

static void *run(void *argument)
{
    struct bench_fsync_probe *probe = argument;
    for (off_t block = 0; !atomic_load(&probe->stopping); block = (block + 1) % FILE_BLOCKS) {
        int64_t start_us = pl_clock_now_us();
        sync_block(probe, block);
        int64_t took_us = pl_clock_now_us() - start_us;
        pthread_mutex_lock(&probe->lock);
        bench_histogram_add(&probe->latencies, took_us);
        pthread_mutex_unlock(&probe->lock);
        usleep(PERIOD_US);
    }
    return NULL;
}

/* Nameless from the start, and written once, so that later syncs have no blocks to allocate (as in recycled WAL). */
static int open_file(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/parley-bench.XXXXXX", folder);
    int file = mkstemp(path);
    if (file < 0)
        bench_fail("%s: %s", path, strerror(errno));
    unlink(path);
    return file;
}

struct bench_fsync_probe *bench_fsync_probe_start(const char *folder)
{
    struct bench_fsync_probe *probe = calloc(1, sizeof(*probe));
    pl_assert(probe != NULL);
    pthread_mutex_init(&probe->lock, NULL);
    probe->file = open_file(folder);
    for (off_t block = 0; block < FILE_BLOCKS; block++)
        sync_block(probe, block);
    pl_assert(pthread_create(&probe->thread, NULL, run, probe) == 0);
    return probe;
}

void bench_fsync_probe_take(struct bench_fsync_probe *probe, struct bench_histogram *ret_latencies)
{
    pthread_mutex_lock(&probe->lock);
    *ret_latencies = probe->latencies;
    memset(&probe->latencies, 0, sizeof(probe->latencies));
    pthread_mutex_unlock(&probe->lock);
}

void bench_fsync_probe_stop(struct bench_fsync_probe *probe)
{
    atomic_store(&probe->stopping, true);
    pthread_join(probe->thread, NULL);
    close(probe->file);
    pthread_mutex_destroy(&probe->lock);
    free(probe);
}
