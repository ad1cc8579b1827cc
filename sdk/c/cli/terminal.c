/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What people see. */
#include "sdk/c/cli/terminal.h"

#include <string.h>
#include <time.h>

#define REPLACEMENT "\xEF\xBF\xBD"

/* Bytes of the character at text, 0 when it is no UTF-8; its number in *ret_point. */
static int read_point(const unsigned char *text, unsigned *ret_point)
{
    static const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    int bytes = text[0] < 0x80 ? 1 : (text[0] & 0xE0) == 0xC0 ? 2 : (text[0] & 0xF0) == 0xE0 ? 3 : 4;
    unsigned point = bytes == 1 ? text[0] : text[0] & (0x7Fu >> bytes);
    if (bytes == 4 && (text[0] & 0xF8) != 0xF0)
        return 0;
    for (int i = 1; i < bytes; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        point = point << 6 | (text[i] & 0x3Fu);
    }
    *ret_point = point;
    return point < smallest[bytes] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000) ? 0 : bytes;
}

static bool is_dangerous(unsigned point)
{
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x61C || point == 0x200E || point == 0x200F ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069) || point == 0xFEFF;
}

/* Writes the character at text and answers where the next one is. */
static const char *put_point(FILE *file, const char *text, const char *line_break)
{
    unsigned point = 0;
    int bytes = read_point((const unsigned char *)text, &point);
    if (*text == '\n')
        fputs(line_break, file);
    else if (*text == '\t')
        fputc(' ', file);
    else if (bytes == 0 || is_dangerous(point))
        fputs(REPLACEMENT, file);
    else
        fwrite(text, 1, (size_t)bytes, file);
    return text + (bytes > 0 ? bytes : 1);
}

void pl_terminal_put_text(FILE *file, const char *text)
{
    while (*text != '\0')
        text = put_point(file, text, "\n    ");
}

void pl_terminal_put_excerpt(FILE *file, const char *text, int max)
{
    for (int count = 0; *text != '\0'; count++) {
        if (count == max) {
            fputs("…", file);
            return;
        }
        text = put_point(file, text, " ");
    }
}

void pl_terminal_set_style(FILE *file, bool styled, enum pl_terminal_style style)
{
    static const char *const codes[] = {"\033[0m", "\033[2m", "\033[1m", "\033[34m"};
    if (styled)
        fputs(codes[style], file);
}

void pl_terminal_put_time(FILE *file, int64_t time_us)
{
    char text[32] = "";
    struct tm parts;
    time_t seconds = (time_t)(time_us / 1000000);
    if (time_us > 0 && localtime_r(&seconds, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    fputs(text, file);
}

static const char *without_body(const parley_message *message)
{
    switch (message->kind) {
    case PARLEY_ENTRY_MEMBERS:
        return "[changed who is in the chat]";
    case PARLEY_ENTRY_SETTINGS:
        return "[changed the chat]";
    case PARLEY_ENTRY_DELETE:
        return "[deleted a message]";
    case PARLEY_ENTRY_REACTION:
        return "[took a reaction back]";
    case PARLEY_ENTRY_ACCOUNT:
        return "[something happened to your account]";
    default:
        return message->status == PARLEY_MESSAGE_STATUS_EXPIRED ? "[expired]" : "[sent from this device]";
    }
}

void pl_terminal_put_body(FILE *file, const parley_message *message)
{
    switch (message->body) {
    case PARLEY_BODY_TEXT:
        pl_terminal_put_text(file, message->content);
        break;
    case PARLEY_BODY_ENCRYPTED:
    case PARLEY_BODY_DEVICE_PART:
        fprintf(file, "[encrypted, %zu bytes]", message->content_bytes);
        break;
    case PARLEY_BODY_NONE:
        fputs(without_body(message), file);
        break;
    }
}
