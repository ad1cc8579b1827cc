/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What people see. Text of others is shown so that it cannot steer the terminal or pass for something else. */
#ifndef PL_CLI_TERMINAL_H
#define PL_CLI_TERMINAL_H

#include <parley/parley.h>
#include <stdbool.h>
#include <stdio.h>

enum pl_terminal_style { PL_STYLE_PLAIN, PL_STYLE_DIM, PL_STYLE_BOLD, PL_STYLE_BLUE };

/*
 * Writes UTF-8 of unknown origin: control characters (C0, C1, DEL), bidirectional controls and bytes that are no UTF-8
 * become U+FFFD, a tab becomes a space, and lines after the first are indented.
 */
void pl_terminal_put_text(FILE *file, const char *text);
/* At most max characters of it, on one line. */
void pl_terminal_put_excerpt(FILE *file, const char *text, int max);
/* Nothing is written when styled is false. PL_STYLE_PLAIN ends the others. */
void pl_terminal_set_style(FILE *file, bool styled, enum pl_terminal_style style);
/* Local time, to the second. */
void pl_terminal_put_time(FILE *file, int64_t time_us);
/* "text", or a word in brackets for what is not text. */
void pl_terminal_put_body(FILE *file, const parley_message *message);

#endif
