/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A message as people see it: time, sender, text, reactions, ticks. */
#ifndef PL_CLI_MESSAGE_LINE_H
#define PL_CLI_MESSAGE_LINE_H

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/names.h"

/* One line (more when the text has more) on standard output, flushed. */
void pl_message_line_print(const struct pl_cli *cli, struct pl_names *names, const parley_message *message);
/* The ticks of a status: ✓, ✓✓, and ✓✓ read in blue; nothing when it is not known. */
void pl_message_line_put_ticks(const struct pl_cli *cli, parley_message_status status);

#endif
