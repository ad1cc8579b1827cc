/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The table of parleyd's settings, made of config.def. */
#include "base/config.h"

#include "base/settings.h"

static const struct pl_setting rows[] = {
#define PL_CONFIG_TEXT(name_, default_, help_) PL_SETTING_TEXT(struct pl_config, name_, default_, help_),
#define PL_CONFIG_INT(name_, default_, min_, max_, help_)                                                              \
    PL_SETTING_INT(struct pl_config, name_, default_, min_, max_, help_),
#include "base/config.def"
#undef PL_CONFIG_TEXT
#undef PL_CONFIG_INT
};

static const struct pl_settings settings = {.prefix = "PARLEY_",
                                            .rows = rows,
                                            .count = sizeof(rows) / sizeof(rows[0]),
                                            .values_bytes = sizeof(struct pl_config)};

/* NOLINTNEXTLINE(readability-function-size): one more parameter than usual, for a function called once. */
enum pl_status pl_config_load(int argc, char **argv, struct pl_config *ret_config, int *ret_rest, char *error,
                              unsigned error_bytes)
{
    struct pl_settings_source source = {.argc = argc, .argv = argv, .error = error, .error_bytes = error_bytes};
    return pl_settings_load(&settings, &source, ret_config, ret_rest);
}

void pl_config_print_help(void)
{
    pl_settings_print_help(&settings);
}
