/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Types are compared without case; whatever cannot be read does not match. */
#include "gateway/media_type.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct text {
    const char *at;
    size_t bytes;
};

static struct text trim(struct text text)
{
    for (; text.bytes > 0 && strchr(" \t", text.at[0]) != NULL; text.at++)
        text.bytes--;
    while (text.bytes > 0 && strchr(" \t", text.at[text.bytes - 1]) != NULL)
        text.bytes--;
    return text;
}

/* The text up to the separator, trimmed; *rest begins behind it, and is NULL at the end. */
static struct text take(const char **rest, const char *end, char separator)
{
    const char *at = *rest;
    const char *stop = memchr(at, separator, (size_t)(end - at));
    *rest = stop != NULL ? stop + 1 : NULL;
    return trim((struct text){.at = at, .bytes = (size_t)((stop != NULL ? stop : end) - at)});
}

static bool is(struct text text, const char *word)
{
    return text.bytes == strlen(word) && strncasecmp(text.at, word, text.bytes) == 0;
}

static bool is_utf8_charset(struct text parameter)
{
    return is(parameter, "charset=utf-8") || is(parameter, "charset=\"utf-8\"");
}

bool pl_media_type_is_json(const char *content_type)
{
    const char *rest = content_type;
    if (content_type == NULL || !is(take(&rest, content_type + strlen(content_type), ';'), "application/json"))
        return false;
    while (rest != NULL) {
        struct text parameter = take(&rest, content_type + strlen(content_type), ';');
        if (parameter.bytes > 0 && !is_utf8_charset(parameter))
            return false;
    }
    return true;
}

/* How exactly a range of Accept means JSON; 0 when it does not. */
static int rank_of(struct text type)
{
    if (is(type, "application/json") || is(type, "application/problem+json"))
        return 3;
    if (is(type, "application/*"))
        return 2;
    return is(type, "*/*");
}

static double weight_of(const char *parameters, const char *end)
{
    while (parameters != NULL) {
        struct text parameter = take(&parameters, end, ';');
        if (parameter.bytes > 2 && strncasecmp(parameter.at, "q=", 2) == 0)
            return strtod(parameter.at + 2, NULL);
    }
    return 1;
}

bool pl_media_type_accepts_json(const char *accept)
{
    const char *rest = accept;
    int best = 0;
    double weight = 0;
    if (accept == NULL || accept[strspn(accept, " \t")] == '\0')
        return true;
    while (rest != NULL) {
        struct text range = take(&rest, accept + strlen(accept), ',');
        const char *end = range.at + range.bytes;
        const char *parameters = range.at;
        int rank = rank_of(take(&parameters, end, ';'));
        if (rank > best) {
            best = rank;
            weight = weight_of(parameters, end);
        }
    }
    return weight > 0;
}
