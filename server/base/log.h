/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * One JSON object per line on standard error: time, level, event, then fields. Never given
 * contents, secrets or phone numbers. Any thread.
 *
 * Lines of debug and info gather once pl_log_start was called: they are written within about 20 ms, many at once, so
 * a process that is killed loses its last ones. Warnings and errors, and what came before them, are written when the
 * call returns: a process that aborts has said why. Who logs faster than can be written waits; nothing is dropped. As
 * one write may have many lines, two processes need a descriptor each, or one that appends.
 */
#ifndef PL_BASE_LOG_H
#define PL_BASE_LOG_H

#include <stdint.h>

#include "base/status.h"

enum pl_log_level { PL_LOG_DEBUG, PL_LOG_INFO, PL_LOG_WARNING, PL_LOG_ERROR };

struct pl_log_field {
    const char *name;
    const char *text; /* NULL: the number is used */
    int64_t number;
};

#define PL_LOG_TEXT(name_, text_) ((struct pl_log_field){.name = (name_), .text = (text_)})
#define PL_LOG_NUMBER(name_, number_) ((struct pl_log_field){.name = (name_), .number = (number_)})

/* Lines below this level are not written. Set once, before threads start. */
void pl_log_set_level(enum pl_log_level level);
/* PL_INVALID_ARGUMENT for anything but debug, info, warning, error. */
enum pl_status pl_log_level_parse(const char *text, enum pl_log_level *ret_level) PL_MUST_CHECK;

/* Once, after the last fork and with signals blocked: starts the thread that writes. exit() writes what is left. */
void pl_log_start(void);
/* What was logged before is written on return: for who writes to standard error by other means. */
void pl_log_flush(void);

/* event is a short lower_case noun phrase, e.g. "call_finished". */
void pl_log_fields(enum pl_log_level level, const char *event, const struct pl_log_field *fields, unsigned count);

#define pl_log(level, event, ...)                                                                                      \
    pl_log_fields((level), (event), (const struct pl_log_field[]){__VA_ARGS__},                                        \
                  sizeof((const struct pl_log_field[]){__VA_ARGS__}) / sizeof(struct pl_log_field))

#endif
