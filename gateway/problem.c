/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Errors are rare and small, so jansson builds them. */
#include "gateway/problem.h"

#include <jansson.h>
#include <string.h>

/* jansson refuses what is not UTF-8. */
static void put(json_t *object, const char *name, const char *text)
{
    json_t *value = json_string(text);
    json_object_set_new(object, name, value != NULL ? value : json_string(""));
}

static json_t *metadata_of(const struct pl_problem *problem)
{
    json_t *metadata = json_object();
    for (unsigned i = 0; i < problem->metadata_count; i++)
        put(metadata, problem->metadata[i].key, problem->metadata[i].value);
    return metadata;
}

static const char *field_of(const struct pl_problem *problem)
{
    for (unsigned i = 0; i < problem->metadata_count; i++)
        if (strcmp(problem->metadata[i].key, "field") == 0)
            return problem->metadata[i].value;
    return problem->field;
}

static json_t *violations_of(const struct pl_problem *problem, const char *sentence)
{
    json_t *violations = json_array();
    json_t *violation;
    if (field_of(problem) == NULL)
        return violations;
    violation = json_object();
    put(violation, "field", field_of(problem));
    put(violation, "description", sentence);
    json_array_append_new(violations, violation);
    return violations;
}

/* A reason that is not of our table has a cure that we do not know. */
static const char *cure_of(const struct pl_problem *problem, const char *reason)
{
    return strcmp(reason, pl_status_reason(problem->status)) == 0 ? pl_status_cure(problem->status) : "";
}

static int append(const char *text, size_t bytes, void *buf)
{
    pl_buf_put(buf, text, bytes);
    return 0;
}

void pl_problem_write(const struct pl_problem *problem, const char *instance, const char *request_id,
                      struct pl_buf *buf)
{
    const char *reason = problem->reason != NULL ? problem->reason : pl_status_reason(problem->status);
    const char *sentence = problem->sentence != NULL ? problem->sentence : pl_status_sentence(problem->status);
    json_t *type = json_sprintf("/problems/%s", reason);
    json_t *object = json_object();
    json_object_set_new(object, "type", type != NULL ? type : json_string("about:blank"));
    put(object, "title", pl_status_sentence(problem->status));
    json_object_set_new(object, "status", json_integer(pl_status_http(problem->status)));
    put(object, "detail", sentence);
    put(object, "cure", cure_of(problem, reason));
    put(object, "instance", instance);
    put(object, "reason", reason);
    put(object, "domain", "parley");
    json_object_set_new(object, "metadata", metadata_of(problem));
    json_object_set_new(object, "field_violations", violations_of(problem, sentence));
    put(object, "request_id", request_id);
    json_dump_callback(object, append, buf, JSON_COMPACT);
    json_decref(object);
}
