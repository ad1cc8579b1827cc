/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Threads that a library starts must not take the host's signals: they inherit the mask of the thread that makes them,
 * so it is closed while they are made.
 */
#ifndef PL_SDK_QUIET_SIGNALS_H
#define PL_SDK_QUIET_SIGNALS_H

#include <pthread.h>
#include <signal.h>

struct pl_quiet_signals {
    sigset_t before;
};

static inline void pl_quiet_signals_begin(struct pl_quiet_signals *signals)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &signals->before);
}

static inline void pl_quiet_signals_end(const struct pl_quiet_signals *signals)
{
    pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
}

#endif
