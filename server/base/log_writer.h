/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Where base/log.c puts its lines: standard error, in the order of the calls. A line is a write of its own until
 * pl_log_writer_start; from then on lines gather, and a thread writes all that have gathered as one.
 */
#ifndef PL_BASE_LOG_WRITER_H
#define PL_BASE_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>

enum { PL_LOG_LINE_BYTES_MAX = 8192 };

/* Once. */
void pl_log_writer_start(void);
/* Any thread. bytes <= PL_LOG_LINE_BYTES_MAX. urgent: it is written on return, behind all that came before it. */
void pl_log_writer_put(const char *line, size_t bytes, bool urgent);
/* Any thread. What was put before is written on return. */
void pl_log_writer_flush(void);

#endif
