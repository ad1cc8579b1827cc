/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Settings by table: each program makes its rows of its own config.def (see base/config.c). Defaults, then
 * environment variables, then flags.
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

/* Initialisers of rows whose field of the struct `type` has the name of the setting. */
#define PL_SETTING_TEXT(type, name_, default_, help_)                                                                  \
    {                                                                                                                  \
        .name = #name_, .help = help_, .text = default_, .offset = offsetof(type, name_)                               \
    }
#define PL_SETTING_INT(type, name_, default_, min_, max_, help_)                                                       \
    {                                                                                                                  \
        .name = #name_, .help = help_, .number = default_, .min = min_, .max = max_, .offset = offsetof(type, name_)   \
    }

struct pl_settings {
    const char *prefix; /* of the environment variables: "PARLEY_" */
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
