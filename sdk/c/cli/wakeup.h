/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * How a command that runs a stream waits: for something that a callback did, for Ctrl-C, or for a line of standard
 * input. One per process, because a signal handler needs to find it.
 */
#ifndef PL_CLI_WAKEUP_H
#define PL_CLI_WAKEUP_H

#include <stdbool.h>

/* From here on SIGINT and SIGTERM only wake; a second one ends the process as usual. */
void pl_wakeup_init(void);
/* Any thread, and signal handlers. */
void pl_wakeup_notify(void);
/*
 * Blocks until a notification, a signal, standard input has something (when watch_input) or timeout_ms (-1: none) is
 * over. True when standard input has something.
 */
bool pl_wakeup_wait(bool watch_input, int timeout_ms);
bool pl_wakeup_interrupted(void);

#endif
