/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What each of our programs does before its own work: --help, --version, settings, log level, signals. */
#ifndef PL_BASE_PROGRAM_H
#define PL_BASE_PROGRAM_H

#include <signal.h>
#include <stdbool.h>

#include "base/settings.h"

struct pl_program {
    const char *name;
    const char *arguments;              /* as --help shows them, behind the name */
    const struct pl_settings *settings; /* one of them is the text log_level */
};

struct pl_program_start {
    int code;            /* when there is nothing to run: what main returns */
    const char *command; /* the first argument that is no setting; NULL for none */
    sigset_t signals;    /* SIGTERM and SIGINT, blocked in every thread that starts from now on: for sigwait */
};

/*
 * Once, first in main, before threads. values is the settings' struct. False when main returns ret_start->code: what
 * --help and --version ask for is printed, or stderr has a sentence. From then on the process leaves no core file.
 */
bool pl_program_begin(const struct pl_program *program, int argc, char **argv, void *values,
                      struct pl_program_start *ret_start);
/* stderr gets the sentence behind the name; EXIT_FAILURE. */
int pl_program_fail(const struct pl_program *program, const char *sentence);
/* The same for a command that the program does not know. */
int pl_program_refuse_command(const struct pl_program *program, const char *command);
/* Until the operator ends the process; with which signal. */
int pl_program_await_end(const struct pl_program_start *start);

#endif
