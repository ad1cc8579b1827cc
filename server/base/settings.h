/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Settings by table: each program makes its rows of its own config.def (see base/config.c). Defaults, then PARLEY_*
 * variables, then flags.
 */
#ifndef PL_BASE_SETTINGS_H
#define PL_BASE_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct pl_setting {
    const char *name;
    const char *help;
    const char *text; /* the default of a text, a const char * in values; NULL for a number, an int64_t */
    int64_t number;
    int64_t min;
    int64_t max;
    size_t offset; /* in values */
};

struct pl_settings {
    const struct pl_setting *rows;
    unsigned count;
    size_t values_bytes;
};

/* The command line, and where the sentence goes when it is refused. */
struct pl_settings_source {
    int argc;
    char **argv;
    char *error;
    unsigned error_bytes;
};

/*
 * Fills ret_values, a struct of values_bytes; texts are borrowed from argv and the environment. *ret_rest is the index
 * of the first argument that is not a flag. PL_INVALID_ARGUMENT with a sentence in error that names the setting and
 * what it accepts; nothing is written then.
 */
enum pl_status pl_settings_load(const struct pl_settings *settings, const struct pl_settings_source *source,
                                void *ret_values, int *ret_rest) PL_MUST_CHECK;
/* Lines of "--flag=default  help" on standard output. */
void pl_settings_print_help(const struct pl_settings *settings);

#endif
