/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Reads lines of a message's full name, a tab and its JSON. Answers each with a line: "ok", a tab and the JSON as
 * Parley writes it; or the reason, the path and the sentence of the problem, with tabs between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/methods.h"
#include "gateway/json/json.h"

static const ProtobufCMessageDescriptor *find_type(const char *name)
{
    for (unsigned i = 0; i < pl_api_json_message_count; i++)
        if (strcmp(pl_api_json_messages[i].descriptor->name, name) == 0)
            return pl_api_json_messages[i].descriptor;
    fprintf(stderr, "no message %s\n", name);
    exit(EXIT_FAILURE);
}

static void answer(const char *type, const char *json, size_t bytes)
{
    struct pl_json_problem problem;
    ProtobufCMessage *message;
    struct pl_arena arena;
    struct pl_buf buf;

    pl_arena_init(&arena, 0);
    pl_buf_init(&buf, 1 << 24);
    if (pl_json_read(json, bytes, find_type(type), &arena, &message, &problem) == PL_OK) {
        pl_json_write(&buf, message);
        pl_assert(!buf.overflowed);
        printf("ok\t%.*s\n", (int)buf.bytes, (const char *)buf.data);
    } else {
        printf("%s\t%s\t%s\n", pl_status_reason(problem.status), problem.path, problem.sentence);
    }
    pl_buf_fini(&buf);
    pl_arena_fini(&arena);
}

int main(void)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t bytes;

    while ((bytes = getline(&line, &capacity, stdin)) > 0) {
        char *tab = strchr(line, '\t');
        if (tab == NULL)
            return EXIT_FAILURE;
        *tab = '\0';
        bytes -= line[bytes - 1] == '\n';
        answer(line, tab + 1, (size_t)(line + bytes - (tab + 1)));
    }
    free(line);
    return EXIT_SUCCESS;
}
