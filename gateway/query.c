/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A parameter without '=' has the empty text as its value; nothing between two '&' is nothing. */
#include "gateway/query.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gateway/percent.h"

static enum pl_status refuse(struct pl_json_problem *problem, enum pl_status status)
{
    *problem = (struct pl_json_problem){.status = status};
    snprintf(problem->sentence, sizeof problem->sentence, "the query %s",
             status == PL_INVALID_TEXT ? "is not valid UTF-8" : "has a bad percent escape");
    return status;
}

static const char *field_name(const ProtobufCMessage *message, const char *name)
{
    bool is_limit = strcmp(name, "limit") == 0 &&
                    protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "page_size") != NULL;
    return is_limit ? "page_size" : name;
}

static enum pl_status read_parameter(const char *text, size_t bytes, ProtobufCMessage *message, struct pl_arena *arena,
                                     struct pl_json_problem *problem)
{
    const char *equals = memchr(text, '=', bytes);
    size_t name_bytes = equals != NULL ? (size_t)(equals - text) : bytes;
    const char *name = NULL;
    const char *value = "";
    enum pl_status status = pl_percent_decode(text, name_bytes, true, arena, &name);
    if (status == PL_OK && equals != NULL)
        status = pl_percent_decode(equals + 1, bytes - name_bytes - 1, true, arena, &value);
    if (status != PL_OK)
        return refuse(problem, status);
    const char *field = field_name(message, name);
    status = pl_json_set(message, field, value, arena, problem);
    if (status != PL_OK && field != name)
        snprintf(problem->path, sizeof problem->path, "%s", name);
    return status;
}

enum pl_status pl_query_read(const char *query, ProtobufCMessage *message, struct pl_arena *arena,
                             struct pl_json_problem *problem)
{
    while (*query != '\0') {
        size_t bytes = strcspn(query, "&");
        if (bytes > 0) {
            enum pl_status status = read_parameter(query, bytes, message, arena, problem);
            if (status != PL_OK)
                return status;
        }
        query += bytes + (query[bytes] == '&');
    }
    return PL_OK;
}
