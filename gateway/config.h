/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Settings of parley-gateway: defaults, then PARLEY_GATEWAY_* variables, then flags. Read-only after loading. */
#ifndef PL_GATEWAY_CONFIG_H
#define PL_GATEWAY_CONFIG_H

#include "base/settings.h"

struct pl_gateway_config {
#define PL_CONFIG_TEXT(name, default_, help) const char *name;
#define PL_CONFIG_INT(name, default_, min, max, help) int64_t name;
#include "gateway/config.def"
#undef PL_CONFIG_TEXT
#undef PL_CONFIG_INT
};

/* For pl_settings_load and pl_settings_print_help. */
extern const struct pl_settings pl_gateway_settings;

#endif
