/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A line is built on the stack and never waits for memory. Texts are cut at 1,024 bytes (between characters), a line at
 * 8 KiB: fields that no longer fit are left out and the line says "truncated":true. Bytes that are not UTF-8 become
 * U+FFFD, so a line is always valid JSON.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_writer.h"
#include "base/utf8.h"

enum { TEXT_BYTES_MAX = 1024 };

static const char line_end[] = "}\n";
static const char truncated_end[] = ",\"truncated\":true}\n";

/* The bytes behind bytes_max always have room for the longer end. */
struct line {
    char data[PL_LOG_LINE_BYTES_MAX];
    size_t bytes;
    bool full;
};

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static enum pl_log_level lowest_level = PL_LOG_INFO;

void pl_log_set_level(enum pl_log_level level)
{
    lowest_level = level;
}

enum pl_status pl_log_level_parse(const char *text, enum pl_log_level *ret_level)
{
    for (unsigned i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *ret_level = (enum pl_log_level)i;
            return PL_OK;
        }
    }
    return PL_INVALID_ARGUMENT;
}

static void put(struct line *line, const char *data, size_t bytes)
{
    if (bytes > PL_LOG_LINE_BYTES_MAX - sizeof(truncated_end) - line->bytes) {
        line->full = true;
        return;
    }
    memcpy(line->data + line->bytes, data, bytes);
    line->bytes += bytes;
}

static void PL_PRINTF(2, 3) put_format(struct line *line, const char *format, ...)
{
    char text[128];
    va_list arguments;

    va_start(arguments, format);
    int chars = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    pl_assert(chars >= 0 && chars < (int)sizeof(text));
    put(line, text, (size_t)chars);
}

static void put_escape(struct line *line, unsigned char byte)
{
    if (byte == '"' || byte == '\\')
        put_format(line, "\\%c", byte);
    else if (byte == '\n')
        put(line, "\\n", 2);
    else if (byte >= 0x80)
        put(line, "\\ufffd", 6);
    else
        put_format(line, "\\u%04x", byte);
}

static bool is_plain(unsigned char byte, bool valid)
{
    return byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f && (byte < 0x80 || valid);
}

/* At most TEXT_BYTES_MAX, and no character cut in two. */
static size_t cut_bytes(const char *text)
{
    size_t bytes = strnlen(text, TEXT_BYTES_MAX + 1);

    if (bytes <= TEXT_BYTES_MAX)
        return bytes;
    bytes = TEXT_BYTES_MAX;
    while (bytes > TEXT_BYTES_MAX - 4 && ((unsigned char)text[bytes] & 0xc0) == 0x80)
        bytes--;
    return bytes;
}

static void put_string(struct line *line, const char *text)
{
    size_t bytes = cut_bytes(text);
    bool valid = pl_utf8_valid(text, bytes);

    put(line, "\"", 1);
    for (size_t at = 0; at < bytes;) {
        size_t start = at;
        while (at < bytes && is_plain((unsigned char)text[at], valid))
            at++;
        put(line, text + start, at - start);
        if (at < bytes)
            put_escape(line, (unsigned char)text[at++]);
    }
    put(line, "\"", 1);
}

/* As "%" PRId64, which costs several times as much. */
static void put_number(struct line *line, int64_t number)
{
    char text[24];
    char *start = text + sizeof(text);
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do {
        *--start = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--start = '-';
    put(line, start, (size_t)(text + sizeof(text) - start));
}

static void put_head(struct line *line, enum pl_log_level level, const char *event)
{
    int64_t now_us = pl_clock_wall_us();
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm utc;
    char text[32];

    gmtime_r(&seconds, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    put_format(line, "{\"time\":\"%s.%06" PRId64 "Z\",\"level\":\"%s\",\"event\":", text, now_us % 1000000,
               level_names[level]);
    put_string(line, event);
}

/* The whole field, or nothing of it. */
static void put_field(struct line *line, const struct pl_log_field *field)
{
    size_t before = line->bytes;

    put(line, ",", 1);
    put_string(line, field->name);
    put(line, ":", 1);
    if (field->text != NULL)
        put_string(line, field->text);
    else
        put_number(line, field->number);
    if (line->full)
        line->bytes = before;
}

static void end_line(struct line *line)
{
    const char *end = line->full ? truncated_end : line_end;

    memcpy(line->data + line->bytes, end, strlen(end));
    line->bytes += strlen(end);
}

void pl_log_fields(enum pl_log_level level, const char *event, const struct pl_log_field *fields, unsigned count)
{
    struct line line;

    if (level < lowest_level)
        return;
    line.bytes = 0;
    line.full = false;
    put_head(&line, level, event);
    for (unsigned i = 0; i < count && !line.full; i++)
        put_field(&line, &fields[i]);
    end_line(&line);
    pl_log_writer_put(line.data, line.bytes, level >= PL_LOG_WARNING);
}

void pl_log_start(void)
{
    pl_assert(atexit(pl_log_writer_flush) == 0);
    pl_log_writer_start();
}

void pl_log_flush(void)
{
    pl_log_writer_flush();
}
