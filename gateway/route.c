/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Templates are taken apart once. A look-up goes through all of them: there are some fifty, most differ in the number
 * of segments or in an early word, and a look-up takes about a microsecond.
 */
#include "gateway/route.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/percent.h"

#define SEGMENTS_MAX 8
#define ALLOW_BYTES 64

struct text {
    const char *at;
    size_t bytes;
};

struct segment {
    struct text word;     /* all of it, or what comes behind the variable, with its ':' */
    const char *variable; /* NULL: there is none */
};

struct pattern {
    const struct pl_api_method *method;
    const struct pl_api_http *http;
    struct segment segments[SEGMENTS_MAX];
    unsigned count;
};

struct pl_routes {
    struct pattern *patterns;
    unsigned count;
};

static bool equal(struct text a, struct text b)
{
    return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.at, b.at, a.bytes) == 0);
}

/* The segments behind the slashes of a path. SEGMENTS_MAX + 1: there are more than fit. */
static unsigned split(const char *path, struct text ret_segments[SEGMENTS_MAX])
{
    unsigned count = 0;
    while (*path == '/') {
        path++;
        if (count == SEGMENTS_MAX)
            return SEGMENTS_MAX + 1;
        ret_segments[count] = (struct text){.at = path, .bytes = strcspn(path, "/")};
        path += ret_segments[count++].bytes;
    }
    return *path == '\0' ? count : SEGMENTS_MAX + 1;
}

static struct segment parse_segment(struct text text)
{
    const char *close;
    if (text.bytes == 0 || text.at[0] != '{')
        return (struct segment){.word = text};
    close = memchr(text.at, '}', text.bytes);
    pl_assert(close != NULL);
    struct segment segment = {.word = {.at = close + 1, .bytes = (size_t)(text.at + text.bytes - close) - 1}};
    segment.variable = strndup(text.at + 1, (size_t)(close - text.at) - 1);
    pl_assert(segment.variable != NULL);
    return segment;
}

static void parse_pattern(struct pattern *pattern, const struct pl_api_method *method, const struct pl_api_http *http)
{
    struct text texts[SEGMENTS_MAX] = {{0}};
    unsigned variables = 0;
    *pattern = (struct pattern){.method = method, .http = http, .count = split(http->template, texts)};
    pl_assert(pattern->count <= SEGMENTS_MAX);
    for (unsigned i = 0; i < pattern->count; i++) {
        pattern->segments[i] = parse_segment(texts[i]);
        variables += pattern->segments[i].variable != NULL;
    }
    pl_assert(variables <= PL_ROUTE_VARIABLES_MAX);
}

struct pl_routes *pl_routes_new(void)
{
    struct pl_routes *routes = calloc(1, sizeof *routes);
    unsigned room = 0;
    for (unsigned i = 0; i < pl_api_method_count; i++)
        room += pl_api_methods[i].http_count;
    pl_assert(routes != NULL && room > 0);
    routes->patterns = calloc(room, sizeof *routes->patterns);
    pl_assert(routes->patterns != NULL);
    for (unsigned i = 0; i < pl_api_method_count; i++)
        for (unsigned k = 0; k < pl_api_methods[i].http_count; k++)
            parse_pattern(&routes->patterns[routes->count++], &pl_api_methods[i], &pl_api_methods[i].http[k]);
    return routes;
}

void pl_routes_free(struct pl_routes *routes)
{
    for (unsigned i = 0; i < routes->count; i++)
        for (unsigned k = 0; k < routes->patterns[i].count; k++)
            free((char *)(uintptr_t)routes->patterns[i].segments[k].variable);
    free(routes->patterns);
    free(routes);
}

/* The part of a segment that its variable stands for; false when the segment does not match. */
static bool match_variable(const struct segment *segment, struct text text, struct text *ret_value)
{
    struct text value = {.at = text.at, .bytes = text.bytes};
    if (value.bytes <= segment->word.bytes)
        return false;
    value.bytes -= segment->word.bytes;
    *ret_value = value;
    return memcmp(value.at + value.bytes, segment->word.at, segment->word.bytes) == 0 &&
           memchr(value.at, ':', value.bytes) == NULL;
}

static bool matches(const struct pattern *pattern, const struct text *path, unsigned count)
{
    struct text value = {0};
    if (pattern->count != count)
        return false;
    for (unsigned i = 0; i < count; i++) {
        const struct segment *segment = &pattern->segments[i];
        if (segment->variable == NULL ? !equal(segment->word, path[i]) : !match_variable(segment, path[i], &value))
            return false;
    }
    return true;
}

static enum pl_status take(const struct pattern *pattern, const struct text *path, struct pl_arena *arena,
                           struct pl_route *ret_route)
{
    struct pl_route route = {.method = pattern->method, .http = pattern->http};
    for (unsigned i = 0; i < pattern->count; i++) {
        struct pl_route_variable *variable = &route.variables[route.variable_count];
        struct text value = {0};
        if (pattern->segments[i].variable == NULL || !match_variable(&pattern->segments[i], path[i], &value))
            continue;
        enum pl_status status = pl_percent_decode(value.at, value.bytes, false, arena, &variable->value);
        if (status != PL_OK)
            return status;
        variable->name = pattern->segments[i].variable;
        route.variable_count++;
    }
    *ret_route = route;
    return PL_OK;
}

/* Adds a verb once; HEAD comes with GET. */
static void allow(char allowed[ALLOW_BYTES], const char *verb)
{
    if (strstr(allowed, verb) != NULL)
        return;
    strcat(allowed, verb);
    strcat(allowed, strcmp(verb, "GET") == 0 ? ", HEAD, " : ", ");
    pl_assert(strlen(allowed) + sizeof("OPTIONS") <= ALLOW_BYTES);
}

enum pl_status pl_route_find(const struct pl_routes *routes, const char *verb, const char *path, struct pl_arena *arena,
                             struct pl_route *ret_route, const char **ret_allow)
{
    struct text segments[SEGMENTS_MAX] = {{0}};
    char allowed[ALLOW_BYTES] = "";
    unsigned count = split(path, segments);
    bool asks_all = strcmp(verb, "OPTIONS") == 0 && strcmp(path, "*") == 0;
    for (unsigned i = 0; i < routes->count; i++) {
        const struct pattern *pattern = &routes->patterns[i];
        if (!asks_all && !matches(pattern, segments, count))
            continue;
        if (!asks_all && strcmp(pattern->http->verb, verb) == 0)
            return take(pattern, segments, arena, ret_route);
        allow(allowed, pattern->http->verb);
    }
    if (allowed[0] == '\0')
        return PL_ROUTE_NOT_FOUND;
    *ret_allow = pl_arena_printf(arena, "%sOPTIONS", allowed);
    return PL_METHOD_NOT_ALLOWED;
}
