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

enum { FEW_CORES = 3, RPC_THREADS_MAX = 16 };

/*
 * A thread that hands work to another costs both a wake-up, which is more than most of this work: on few cores, which
 * the database has to share, one thread for all is faster and leaves more of them to others.
 */
void pl_config_fit(struct pl_config *config, long cores)
{
    bool few = cores <= FEW_CORES;
    if (config->rpc_threads == 0)
        config->rpc_threads = few ? 1 : cores < RPC_THREADS_MAX ? cores : RPC_THREADS_MAX;
    if (config->writers == 0)
        config->writers = few ? 1 : 2;
}
