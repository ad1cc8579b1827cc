/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The headers of a request as RFC 9110 section 5 has them; libmicrohttpd knows single lines with what is behind them.
 */
#include <string.h>
#include <strings.h>

#include "gateway/http/request.h"

struct lines {
    struct pl_arena *arena;
    const char *name;
    size_t name_bytes;
    unsigned count;
    const char *value; /* of all so far */
};

/* NOLINTNEXTLINE(readability-function-size): the parameters are MHD's. */
static enum MHD_Result take_line(void *context, enum MHD_ValueKind kind, const char *name, size_t name_bytes,
                                 const char *value, size_t value_bytes)
{
    struct lines *lines = context;
    size_t bytes = value_bytes;
    (void)kind;

    if (name_bytes != lines->name_bytes || strncasecmp(name, lines->name, name_bytes) != 0)
        return MHD_YES;
    while (bytes > 0 && (value[bytes - 1] == ' ' || value[bytes - 1] == '\t'))
        bytes--;
    if (bytes < value_bytes)
        value = pl_arena_copy(lines->arena, value, bytes);
    lines->value = lines->count++ == 0 ? value : pl_arena_printf(lines->arena, "%s, %s", lines->value, value);
    return MHD_YES;
}

static struct lines find_lines(struct pl_http_request *request, const char *name)
{
    struct lines lines = {.arena = &request->arena, .name = name, .name_bytes = strlen(name)};

    if (MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name) != NULL)
        MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, take_line, &lines);
    return lines;
}

const char *pl_http_header(struct pl_http_request *request, const char *name)
{
    return find_lines(request, name).value;
}

unsigned pl_http_header_lines(struct pl_http_request *request, const char *name)
{
    return find_lines(request, name).count;
}
