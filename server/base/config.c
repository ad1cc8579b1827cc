/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The table of parleyd's settings, made of config.def. */
#include "base/config.h"

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
