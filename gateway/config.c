/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The table of the gateway's settings, made of config.def. */
#include "gateway/config.h"

static const struct pl_setting rows[] = {
#define PL_CONFIG_TEXT(name_, default_, help_) PL_SETTING_TEXT(struct pl_gateway_config, name_, default_, help_),
#define PL_CONFIG_INT(name_, default_, min_, max_, help_)                                                              \
    PL_SETTING_INT(struct pl_gateway_config, name_, default_, min_, max_, help_),
#include "gateway/config.def"
#undef PL_CONFIG_TEXT
#undef PL_CONFIG_INT
};

const struct pl_settings pl_gateway_settings = {
    .prefix = "PARLEY_GATEWAY_",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .values_bytes = sizeof(struct pl_gateway_config),
};
