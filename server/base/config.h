/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Settings: defaults, then PARLEY_* variables, then flags. Read-only after pl_config_load. */
#ifndef PL_BASE_CONFIG_H
#define PL_BASE_CONFIG_H

#include <stdint.h>

#include "base/status.h"

struct pl_config {
#define PL_CONFIG_TEXT(name, default_, help) const char *name;
#define PL_CONFIG_INT(name, default_, min, max, help) int64_t name;
#include "base/config.def"
#undef PL_CONFIG_TEXT
#undef PL_CONFIG_INT
};

/*
 * Texts are borrowed from argv and the environment. *ret_rest is the index of the first argument
 * that is not a flag. PL_INVALID_ARGUMENT with a sentence in error (error_bytes large) that names
 * the setting and what it accepts.
 */
enum pl_status pl_config_load(int argc, char **argv, struct pl_config *ret_config, int *ret_rest, char *error,
                              unsigned error_bytes) PL_MUST_CHECK;
/* Lines of "--flag=default  help" on standard output. */
void pl_config_print_help(void);

#endif
