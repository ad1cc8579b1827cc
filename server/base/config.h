/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Settings: defaults, then PARLEY_* variables, then flags. Read-only after loading. */
#ifndef PL_BASE_CONFIG_H
#define PL_BASE_CONFIG_H

#include "base/settings.h"

struct pl_config {
#define PL_CONFIG_TEXT(name, default_, help) const char *name;
#define PL_CONFIG_INT(name, default_, min, max, help) int64_t name;
#include "base/config.def"
#undef PL_CONFIG_TEXT
#undef PL_CONFIG_INT
};

/* For pl_settings_load and base/program.h. */
extern const struct pl_settings pl_config_settings;

/* Settings that say "by the number of cores" get their values: rpc_threads and writers. */
void pl_config_fit(struct pl_config *config, long cores);

#endif
