/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * An empty variable counts as not set; an empty flag (--name=) sets the empty text. Messages name the setting as it was
 * written and never show the value of a text, which may hold a password.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/settings.h"

enum { NAME_BYTES_MAX = 64 };

/* What is being filled, and where the sentence goes when that fails. */
struct load {
    const struct pl_settings *settings;
    const struct pl_settings_source *source;
    char *values;
};

static void set_text(const struct load *load, const struct pl_setting *setting, const char *text)
{
    memcpy(load->values + setting->offset, &text, sizeof(text));
}

static void set_number(const struct load *load, const struct pl_setting *setting, int64_t number)
{
    memcpy(load->values + setting->offset, &number, sizeof(number));
}

static void set_defaults(const struct load *load)
{
    for (unsigned i = 0; i < load->settings->count; i++) {
        const struct pl_setting *setting = &load->settings->rows[i];
        if (setting->text != NULL)
            set_text(load, setting, setting->text);
        else
            set_number(load, setting, setting->number);
    }
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
static enum pl_status set_value(const struct load *load, const struct pl_setting *setting, const char *written,
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
        snprintf(load->source->error, load->source->error_bytes,
                 "%s: \"%.32s\" %s; it takes %" PRId64 " to %" PRId64 " (%s)", written, value, problem, setting->min,
                 setting->max, setting->help);
        return PL_INVALID_ARGUMENT;
    }
    set_number(load, setting, number);
    return PL_OK;
}

static void variable_name(const char *prefix, const struct pl_setting *setting, char ret_name[NAME_BYTES_MAX])
{
    snprintf(ret_name, NAME_BYTES_MAX, "%s%s", prefix, setting->name);
    for (char *at = ret_name; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
}

static void flag_name(const struct pl_setting *setting, char ret_name[NAME_BYTES_MAX])
{
    snprintf(ret_name, NAME_BYTES_MAX, "--%s", setting->name);
    for (char *at = ret_name; *at != '\0'; at++)
        *at = *at == '_' ? '-' : *at;
}

static enum pl_status load_environment(const struct load *load)
{
    char name[NAME_BYTES_MAX];

    for (unsigned i = 0; i < load->settings->count; i++) {
        const struct pl_setting *setting = &load->settings->rows[i];
        variable_name(load->settings->prefix, setting, name);
        const char *value = getenv(name);
        if (value == NULL || value[0] == '\0')
            continue;
        enum pl_status status = set_value(load, setting, name, value);
        if (status != PL_OK)
            return status;
    }
    return PL_OK;
}

/* name_bytes: up to '=' or the end. */
static const struct pl_setting *find_flag(const struct pl_settings *settings, const char *argument, size_t name_bytes)
{
    char name[NAME_BYTES_MAX];

    for (unsigned i = 0; i < settings->count; i++) {
        flag_name(&settings->rows[i], name);
        if (strlen(name) == name_bytes && memcmp(name, argument, name_bytes) == 0)
            return &settings->rows[i];
    }
    return NULL;
}

/* following: the argument behind, NULL at the end. *ret_used counts the arguments that were used, 1 or 2. */
static enum pl_status load_flag(const struct load *load, const char *argument, const char *following, int *ret_used)
{
    char name[NAME_BYTES_MAX];
    size_t name_bytes = strcspn(argument, "=");
    const struct pl_setting *setting = find_flag(load->settings, argument, name_bytes);

    if (setting == NULL) {
        snprintf(load->source->error, load->source->error_bytes, "%.*s is not a flag; --help lists them",
                 (int)(name_bytes < NAME_BYTES_MAX ? name_bytes : NAME_BYTES_MAX), argument);
        return PL_INVALID_ARGUMENT;
    }
    flag_name(setting, name);
    *ret_used = 1;
    if (argument[name_bytes] == '=')
        return set_value(load, setting, name, argument + name_bytes + 1);
    if (following == NULL || strncmp(following, "--", 2) == 0) {
        snprintf(load->source->error, load->source->error_bytes, "%s needs a value: %s", name, setting->help);
        return PL_INVALID_ARGUMENT;
    }
    *ret_used = 2;
    return set_value(load, setting, name, following);
}

static enum pl_status load_flags(const struct load *load, int *ret_rest)
{
    int argc = load->source->argc;
    char **argv = load->source->argv;
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

enum pl_status pl_settings_load(const struct pl_settings *settings, const struct pl_settings_source *source,
                                void *ret_values, int *ret_rest)
{
    struct load load = {.settings = settings, .source = source, .values = malloc(settings->values_bytes)};
    int rest = source->argc;

    pl_assert(load.values != NULL);
    memset(load.values, 0, settings->values_bytes);
    set_defaults(&load);
    enum pl_status status = load_environment(&load);
    if (status == PL_OK)
        status = load_flags(&load, &rest);
    if (status == PL_OK) {
        memcpy(ret_values, load.values, settings->values_bytes);
        *ret_rest = rest;
    }
    free(load.values);
    return status;
}

void pl_settings_print_help(const struct pl_settings *settings)
{
    char name[NAME_BYTES_MAX];

    for (unsigned i = 0; i < settings->count; i++) {
        const struct pl_setting *setting = &settings->rows[i];
        flag_name(setting, name);
        if (setting->text != NULL) {
            printf("  %s=%s  %s\n", name, setting->text, setting->help);
        } else {
            printf("  %s=%" PRId64 "  %s (%" PRId64 " to %" PRId64 ")\n", name, setting->number, setting->help,
                   setting->min, setting->max);
        }
    }
}
