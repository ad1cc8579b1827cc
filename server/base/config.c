/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Settings as one table made of config.def. An empty PARLEY_ variable counts as not set; an empty flag (--name=) sets
 * the empty text. Messages name the setting as it was written and never show the value of a text, which may hold a
 * password.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"

enum { NAME_BYTES_MAX = 64 };

struct setting {
    const char *name;
    const char *help;
    const char *text; /* The default of a text; NULL for a number. */
    int64_t number;
    int64_t min;
    int64_t max;
    size_t offset;
};

static const struct setting settings[] = {
#define PL_CONFIG_TEXT(name_, default_, help_)                                                                         \
    {.name = #name_, .help = help_, .text = default_, .offset = offsetof(struct pl_config, name_)},
#define PL_CONFIG_INT(name_, default_, min_, max_, help_)                                                              \
    {.name = #name_,                                                                                                   \
     .help = help_,                                                                                                    \
     .number = default_,                                                                                               \
     .min = min_,                                                                                                      \
     .max = max_,                                                                                                      \
     .offset = offsetof(struct pl_config, name_)},
#include "base/config.def"
#undef PL_CONFIG_TEXT
#undef PL_CONFIG_INT
};

enum { SETTING_COUNT = sizeof(settings) / sizeof(settings[0]) };

/* What is being filled, and where the sentence goes when that fails. */
struct load {
    struct pl_config *config;
    char *error;
    unsigned error_bytes;
};

static void set_text(const struct load *load, const struct setting *setting, const char *text)
{
    memcpy((char *)load->config + setting->offset, &text, sizeof(text));
}

static void set_number(const struct load *load, const struct setting *setting, int64_t number)
{
    memcpy((char *)load->config + setting->offset, &number, sizeof(number));
}

static void set_defaults(const struct load *load)
{
    for (unsigned i = 0; i < SETTING_COUNT; i++)
        if (settings[i].text != NULL)
            set_text(load, &settings[i], settings[i].text);
        else
            set_number(load, &settings[i], settings[i].number);
}

static bool parse_number(const char *text, int64_t *ret_number)
{
    char *end;

    if (!isdigit((unsigned char)text[0]) && text[0] != '-')
        return false;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        return false;
    *ret_number = number;
    return true;
}

/* written: the setting as the operator wrote it, for the message. */
static enum pl_status set_value(const struct load *load, const struct setting *setting, const char *written,
                                const char *value)
{
    int64_t number;

    if (setting->text != NULL) {
        set_text(load, setting, value);
        return PL_OK;
    }
    const char *problem = "is not a whole number";
    if (parse_number(value, &number))
        problem = number < setting->min ? "is too small" : number > setting->max ? "is too large" : NULL;
    if (problem != NULL) {
        snprintf(load->error, load->error_bytes, "%s: \"%.32s\" %s; it takes %" PRId64 " to %" PRId64 " (%s)", written,
                 value, problem, setting->min, setting->max, setting->help);
        return PL_INVALID_ARGUMENT;
    }
    set_number(load, setting, number);
    return PL_OK;
}

static void variable_name(const struct setting *setting, char ret_name[NAME_BYTES_MAX])
{
    snprintf(ret_name, NAME_BYTES_MAX, "PARLEY_%s", setting->name);
    for (char *at = ret_name; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
}

static void flag_name(const struct setting *setting, char ret_name[NAME_BYTES_MAX])
{
    snprintf(ret_name, NAME_BYTES_MAX, "--%s", setting->name);
    for (char *at = ret_name; *at != '\0'; at++)
        *at = *at == '_' ? '-' : *at;
}

static enum pl_status load_environment(const struct load *load)
{
    char name[NAME_BYTES_MAX];

    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        variable_name(&settings[i], name);
        const char *value = getenv(name);
        if (value == NULL || value[0] == '\0')
            continue;
        enum pl_status status = set_value(load, &settings[i], name, value);
        if (status != PL_OK)
            return status;
    }
    return PL_OK;
}

/* name_bytes: up to '=' or the end. */
static const struct setting *find_flag(const char *argument, size_t name_bytes)
{
    char name[NAME_BYTES_MAX];

    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        flag_name(&settings[i], name);
        if (strlen(name) == name_bytes && memcmp(name, argument, name_bytes) == 0)
            return &settings[i];
    }
    return NULL;
}

/* following: the argument behind, NULL at the end. *ret_used counts the arguments that were used, 1 or 2. */
static enum pl_status load_flag(const struct load *load, const char *argument, const char *following, int *ret_used)
{
    char name[NAME_BYTES_MAX];
    size_t name_bytes = strcspn(argument, "=");
    const struct setting *setting = find_flag(argument, name_bytes);

    if (setting == NULL) {
        snprintf(load->error, load->error_bytes, "%.*s is not a flag; --help lists them",
                 (int)(name_bytes < NAME_BYTES_MAX ? name_bytes : NAME_BYTES_MAX), argument);
        return PL_INVALID_ARGUMENT;
    }
    flag_name(setting, name);
    *ret_used = 1;
    if (argument[name_bytes] == '=')
        return set_value(load, setting, name, argument + name_bytes + 1);
    if (following == NULL || strncmp(following, "--", 2) == 0) {
        snprintf(load->error, load->error_bytes, "%s needs a value: %s", name, setting->help);
        return PL_INVALID_ARGUMENT;
    }
    *ret_used = 2;
    return set_value(load, setting, name, following);
}

static enum pl_status load_flags(const struct load *load, int argc, char **argv, int *ret_rest)
{
    int at = 1;

    while (at < argc && argv[at][0] == '-' && argv[at][1] != '\0') {
        int used;
        if (strcmp(argv[at], "--") == 0) {
            at++;
            break;
        }
        enum pl_status status = load_flag(load, argv[at], at + 1 < argc ? argv[at + 1] : NULL, &used);
        if (status != PL_OK)
            return status;
        at += used;
    }
    *ret_rest = at;
    return PL_OK;
}

enum pl_status pl_config_load(int argc, char **argv, struct pl_config *ret_config, int *ret_rest, char *error,
                              unsigned error_bytes)
{
    struct pl_config config;
    struct load load = {.config = &config, .error_bytes = error_bytes};
    int rest = argc;

    load.error = error;
    set_defaults(&load);
    enum pl_status status = load_environment(&load);
    if (status == PL_OK)
        status = load_flags(&load, argc, argv, &rest);
    if (status == PL_OK) {
        *ret_config = config;
        *ret_rest = rest;
    }
    return status;
}

void pl_config_print_help(void)
{
    char name[NAME_BYTES_MAX];

    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &settings[i];
        flag_name(setting, name);
        if (setting->text != NULL) {
            printf("  %s=%s  %s\n", name, setting->text, setting->help);
        } else {
            printf("  %s=%" PRId64 "  %s (%" PRId64 " to %" PRId64 ")\n", name, setting->number, setting->help,
                   setting->min, setting->max);
        }
    }
}
