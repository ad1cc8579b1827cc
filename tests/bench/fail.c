/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Without atexit handlers: other threads are at work, and there is nothing to save. */
#include "bench/fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

noreturn static void give_up(const char *what, const char *format, va_list arguments)
{
    char sentence[1024];
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    fflush(stdout);
    fprintf(stderr, "parley-bench: %s%s\n", what, sentence);
    _exit(1);
}

void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    give_up("", format, arguments);
}

void bench_violation(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    give_up("VIOLATION: ", format, arguments);
}
