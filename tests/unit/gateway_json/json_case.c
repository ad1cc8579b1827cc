/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Texts are read from memory of exactly their size, so that a sanitizer sees the first byte read past it. */
#include "json_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int json_case_init(void **state)
{
    struct pl_arena *arena = malloc(sizeof(*arena));

    pl_arena_init(arena, 0);
    *state = arena;
    return 0;
}

int json_case_fini(void **state)
{
    pl_arena_fini(*state);
    free(*state);
    return 0;
}

static enum pl_status read_text(void **state, const ProtobufCMessageDescriptor *type, const char *text,
                                ProtobufCMessage **ret, struct pl_json_problem *problem)
{
    size_t bytes = strlen(text);
    char *exact = malloc(bytes);

    memcpy(exact, text, bytes);
    enum pl_status status = pl_json_read(exact, bytes, type, *state, ret, problem);
    free(exact);
    return status;
}

ProtobufCMessage *read_json(void **state, const ProtobufCMessageDescriptor *type, const char *text)
{
    struct pl_json_problem problem = {.status = PL_OK};
    ProtobufCMessage *message = NULL;

    if (read_text(state, type, text, &message, &problem) != PL_OK)
        fail_msg("%s: %s: %s", text, problem.path, problem.sentence);
    return message;
}

void assert_written(const ProtobufCMessage *message, const char *expected)
{
    struct pl_buf buf;

    pl_buf_init(&buf, 1 << 20);
    pl_json_write(&buf, message);
    pl_buf_put_u8(&buf, '\0');
    assert_false(buf.overflowed);
    assert_string_equal((const char *)buf.data, expected);
    pl_buf_fini(&buf);
}

void assert_rewritten(void **state, const ProtobufCMessageDescriptor *type, const char *text, const char *expected)
{
    assert_written(read_json(state, type, text), expected);
}

void assert_told(const struct pl_json_problem *problem, enum pl_status status, const char *told)
{
    char text[sizeof(problem->path) + sizeof(problem->sentence) + 1];

    snprintf(text, sizeof(text), "%s%s%s", problem->path, problem->path[0] == '\0' ? "" : " ", problem->sentence);
    assert_string_equal(pl_status_reason(problem->status), pl_status_reason(status));
    if (strncmp(text, told, strlen(told)) != 0)
        fail_msg("told \"%s\", not \"%s\"", text, told);
}

void assert_refused(void **state, const ProtobufCMessageDescriptor *type, const char *text, enum pl_status status,
                    const char *told)
{
    struct pl_json_problem problem;
    ProtobufCMessage *message = NULL;

    if (read_text(state, type, text, &message, &problem) == PL_OK)
        fail_msg("read: %s", text);
    assert_null(message);
    assert_told(&problem, status, told);
}
