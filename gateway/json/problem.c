/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Problems for the caller. A name out of the text is shown only when it could be the name of a field: other keys may be
 * anything, a phone number say, and are shown as "?".
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gateway/json/reader.h"

#define NAME_CHARS_MAX 40

static const char *shown(const char *name)
{
    size_t chars = 0;

    if (!isalpha((unsigned char)name[0]))
        return "?";
    while (isalnum((unsigned char)name[chars]) || name[chars] == '_')
        chars++;
    return name[chars] == '\0' && chars <= NAME_CHARS_MAX ? name : "?";
}

/* Behind what is there; the rest is cut off when it does not fit. */
static void append(char *text, size_t bytes_max, const char *format, ...) PL_PRINTF(3, 4);
static void append(char *text, size_t bytes_max, const char *format, ...)
{
    size_t bytes = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + bytes, bytes_max - bytes, format, arguments);
    va_end(arguments);
}

/* Recursion is bounded by the depth of the text. */
static void append_place(char *path, size_t bytes_max, const struct pl_json_place *place)
{
    if (place == NULL)
        return;
    append_place(path, bytes_max, place->within);
    if (place->name == NULL)
        append(path, bytes_max, "[%zu]", place->index);
    else
        append(path, bytes_max, "%s%s", path[0] == '\0' ? "" : ".", shown(place->name));
}

enum pl_status pl_json_fail(struct pl_json_reader *reader, enum pl_status status, const char *format, ...)
{
    struct pl_json_problem *problem = reader->problem;
    va_list arguments;

    *problem = (struct pl_json_problem){.status = status};
    append_place(problem->path, sizeof(problem->path), reader->place);
    va_start(arguments, format);
    vsnprintf(problem->sentence, sizeof(problem->sentence), format, arguments);
    va_end(arguments);
    return status;
}

enum pl_status pl_json_fail_unknown(struct pl_json_reader *reader, const struct pl_api_json_message *row)
{
    const ProtobufCMessageDescriptor *descriptor = row->descriptor;
    char names[sizeof(reader->problem->sentence)] = "";

    for (unsigned i = 0; i < descriptor->n_fields; i++)
        append(names, sizeof(names), "%s %s", i == 0 ? "" : ",", descriptor->fields[i].name);
    return pl_json_fail(reader, PL_UNKNOWN_FIELD, "is not known here; known are:%s",
                        descriptor->n_fields == 0 ? " none" : names);
}
