/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The table of parleyd's settings, made of config.def. */
#include "base/config.h"

#include <stdbool.h>

static const struct pl_setting rows[] = {
#define PL_CONFIG_TEXT(name_, default_, help_) PL_SETTING_TEXT(struct pl_config, name_, default_, help_),
#define PL_CONFIG_INT(name_, default_, min_, max_, help_)                                                              \
    PL_SETTING_INT(struct pl_config, name_, default_, min_, max_, help_),
#include "base/config.def"
#undef PL_CONFIG_TEXT
#undef PL_CONFIG_INT
};

const struct pl_settings pl_config_settings = {.prefix = "PARLEY_",
                                               .rows = rows,
                                               .count = sizeof(rows) / sizeof(rows[0]),
                                               .values_bytes = sizeof(struct pl_config)};

enum { FEW_CORES = 3, FEW_STREAM_THREADS = 3, FEW_POLLED_STREAMS = 256, STREAM_THREADS_MAX = 16 };

/*
 * A thread that hands work to another costs both a wake-up, which is more than most of this work: on few cores, which
 * the database has to share, one thread for all is faster and leaves more of them to others. But what core does for a
 * message grows with the streams on its thread, and what is written to a thousand at once is in the way of all others
 * there; so those beyond the first are on threads of their own.
 */
void pl_config_fit(struct pl_config *config, long cores)
{
    bool few = cores <= FEW_CORES;
    if (config->unary_threads == 0)
        config->unary_threads = few ? 1 : 2;
    if (config->stream_threads < 0)
        config->stream_threads = few ? FEW_STREAM_THREADS : cores < STREAM_THREADS_MAX ? cores : STREAM_THREADS_MAX;
    if (config->polled_streams < 0)
        config->polled_streams = few ? FEW_POLLED_STREAMS : 0;
    if (config->writers == 0)
        config->writers = few ? 1 : 2;
}
