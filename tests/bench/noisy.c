/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Pairs in open loop all the time; in every second window a large group is busy beside them. So what the windows tell
 * apart is the group, and not the hour.
 */
#include "bench/noisy.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "base/status.h"
#include "bench/load.h"
#include "bench/report.h"

/* The group's load, which has a thread of its own. */
struct noise {
    struct bench_load_duty duty;
    struct bench_options options;
    pthread_t thread;
    sem_t is_there; /* posted when its window begins */
};

struct noisy {
    struct bench_load_duty duty;
    struct noise noise;
};

/* ---- the group ---- */

static void begin_noise(struct bench_load_duty *duty, int window)
{
    (void)window;
    sem_post(&pl_container_of(duty, struct noise, duty)->is_there);
}

static void *make_noise(void *argument)
{
    struct noise *noise = argument;
    struct bench_window *window = calloc(1, sizeof(*window));
    pl_assert(window != NULL);
    bench_load_measure(&noise->options, 1, (unsigned)noise->options.large_members, &noise->duty, window);
    free(window);
    return NULL;
}

static void init_noise(struct noise *noise, const struct bench_options *options)
{
    noise->duty = (struct bench_load_duty){.begin = begin_noise};
    noise->options = *options;
    noise->options.rate = options->large_rate;
    noise->options.threads = 1;
    noise->options.windows = 1;
    noise->options.measure_s = options->measure_s + 1; /* longer than the window of the pairs */
    noise->options.streams_per_connection = 64;
    sem_init(&noise->is_there, 0, 0);
}

/* ---- the pairs ---- */

static bool is_with_noise(int window)
{
    return window % 2 == 1;
}

static void begin(struct bench_load_duty *duty, int window)
{
    struct noise *noise = &pl_container_of(duty, struct noisy, duty)->noise;
    if (!is_with_noise(window))
        return;
    pl_assert(pthread_create(&noise->thread, NULL, make_noise, noise) == 0);
    while (sem_wait(&noise->is_there) != 0)
        continue;
}

static void end(struct bench_load_duty *duty, int window)
{
    if (is_with_noise(window))
        pthread_join(pl_container_of(duty, struct noisy, duty)->noise.thread, NULL);
}

void bench_noisy_run(const struct bench_options *options)
{
    struct noisy noisy = {.duty = {.begin = begin, .end = end}};
    struct bench_options both = *options;
    struct bench_noisy_result *result = calloc(1, sizeof(*result));
    both.windows = 2 * options->windows; /* without and with, in turn */
    struct bench_window *windows = calloc((size_t)both.windows, sizeof(*windows));
    pl_assert(result != NULL && windows != NULL);
    init_noise(&noisy.noise, options);
    bench_load_measure(&both, (unsigned)options->pairs, 2, &noisy.duty, windows);
    for (int i = 0; i < both.windows; i++)
        bench_window_add(is_with_noise(i) ? &result->with : &result->without, &windows[i]);
    bench_report_noisy(options, result);
    free(result);
    free(windows);
}
