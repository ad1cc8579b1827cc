/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Lines of standard input without blocking longer than poll said: stdio would hide what it has already read. */
#ifndef PL_CLI_LINE_READER_H
#define PL_CLI_LINE_READER_H

#include <parley/types.h>
#include <stdbool.h>
#include <stddef.h>

struct pl_line_reader {
    char data[PARLEY_CONTENT_BYTES_MAX + 2];
    size_t bytes;
    size_t line_bytes; /* of the line that was given out, with its end */
    bool at_end;
    bool skipping; /* the rest of a line that was too long */
};

/* Reads once; for when standard input is readable. */
void pl_line_reader_fill(struct pl_line_reader *reader);
/*
 * The next line without its end, valid until the next call; NULL when there is no whole one yet. The last line needs no
 * end. A line that is too long comes as its first 65,537 bytes, which no server takes, and the rest is skipped.
 */
const char *pl_line_reader_next(struct pl_line_reader *reader);

#endif
