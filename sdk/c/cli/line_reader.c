/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Lines of standard input. */
#include "sdk/c/cli/line_reader.h"

#include <string.h>
#include <unistd.h>

/* Room for one more byte is always left for a NUL. */
static size_t room(const struct pl_line_reader *reader)
{
    return sizeof reader->data - 1 - reader->bytes;
}

static void drop_line(struct pl_line_reader *reader)
{
    memmove(reader->data, reader->data + reader->line_bytes, reader->bytes - reader->line_bytes);
    reader->bytes -= reader->line_bytes;
    reader->line_bytes = 0;
}

void pl_line_reader_fill(struct pl_line_reader *reader)
{
    ssize_t got;
    drop_line(reader);
    if (room(reader) == 0)
        return;
    got = read(STDIN_FILENO, reader->data + reader->bytes, room(reader));
    if (got > 0)
        reader->bytes += (size_t)got;
    else
        reader->at_end = true;
}

/* The line is the first bytes of data; its end, if any, becomes the NUL. */
static const char *give(struct pl_line_reader *reader, size_t bytes, bool has_end)
{
    reader->data[bytes] = '\0';
    reader->line_bytes = bytes + (has_end ? 1 : 0);
    return reader->data;
}

const char *pl_line_reader_next(struct pl_line_reader *reader)
{
    char *end;
    drop_line(reader);
    end = memchr(reader->data, '\n', reader->bytes);
    if (reader->skipping && (end != NULL || reader->bytes > 0)) {
        reader->line_bytes = end != NULL ? (size_t)(end - reader->data) + 1 : reader->bytes;
        reader->skipping = end == NULL;
        return reader->skipping ? NULL : pl_line_reader_next(reader);
    }
    if (end != NULL)
        return give(reader, (size_t)(end - reader->data), true);
    if (room(reader) == 0) {
        reader->skipping = true;
        return give(reader, reader->bytes, false);
    }
    return reader->at_end && reader->bytes > 0 ? give(reader, reader->bytes, false) : NULL;
}
