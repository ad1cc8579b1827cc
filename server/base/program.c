/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "base/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/log.h"

#define SENTENCE_BYTES 512

static bool print_and_leave(const struct pl_program *program, int argc, char **argv)
{
    if (argc != 2)
        return false;
    if (strcmp(argv[1], "--version") == 0) {
        printf("%s " PARLEY_VERSION "\n", program->name);
        return true;
    }
    if (strcmp(argv[1], "--help") != 0)
        return false;
    printf("usage: %s %s\n\nSettings, each also as %sSETTING:\n", program->name, program->arguments,
           program->settings->prefix);
    pl_settings_print_help(program->settings);
    return true;
}

static const char *log_level_of(const struct pl_settings *settings, const void *values)
{
    const char *text = NULL;
    for (unsigned i = 0; i < settings->count; i++)
        if (strcmp(settings->rows[i].name, "log_level") == 0)
            memcpy(&text, (const char *)values + settings->rows[i].offset, sizeof(text));
    pl_assert(text != NULL);
    return text;
}

static bool load(const struct pl_program *program, const struct pl_settings_source *source, void *values,
                 struct pl_program_start *ret_start)
{
    enum pl_log_level level;
    int rest = source->argc;
    if (pl_settings_load(program->settings, source, values, &rest) != PL_OK)
        return false;
    if (pl_log_level_parse(log_level_of(program->settings, values), &level) != PL_OK) {
        snprintf(source->error, source->error_bytes, "log_level must be debug, info, warning or error");
        return false;
    }
    pl_log_set_level(level);
    ret_start->command = rest < source->argc ? source->argv[rest] : NULL;
    return true;
}

/* Threads inherit the mask, so every signal waits for sigwait; a write to a closed connection is an error, not a
 * signal. */
static void block_signals(sigset_t *ret_signals)
{
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGTERM);
    sigaddset(ret_signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool pl_program_begin(const struct pl_program *program, int argc, char **argv, void *values,
                      struct pl_program_start *ret_start)
{
    char error[SENTENCE_BYTES];
    struct pl_settings_source source = {.argc = argc, .argv = argv, .error = error, .error_bytes = sizeof(error)};
    ret_start->code = EXIT_SUCCESS;
    if (print_and_leave(program, argc, argv))
        return false;
    if (!load(program, &source, values, ret_start)) {
        ret_start->code = pl_program_fail(program, error);
        return false;
    }
    /* Keys and contents are in this memory: no core file, no reading by other processes of the user. */
    prctl(PR_SET_DUMPABLE, 0);
    block_signals(&ret_start->signals);
    pl_log_start();
    return true;
}

int pl_program_fail(const struct pl_program *program, const char *sentence)
{
    pl_log_flush();
    fprintf(stderr, "%s: %s\n", program->name, sentence);
    return EXIT_FAILURE;
}

int pl_program_refuse_command(const struct pl_program *program, const char *command)
{
    char sentence[SENTENCE_BYTES];
    snprintf(sentence, sizeof(sentence), "there is no command '%.100s'; see %s --help", command, program->name);
    return pl_program_fail(program, sentence);
}

int pl_program_await_end(const struct pl_program_start *start)
{
    int signal_number = 0;
    sigwait(&start->signals, &signal_number);
    pl_log(PL_LOG_INFO, "draining", PL_LOG_NUMBER("signal", signal_number));
    return signal_number;
}
