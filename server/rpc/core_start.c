/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Debian builds abseil without NDEBUG, so its mutexes look for lock-order cycles: a process-wide spinlock at every
 * nested lock, and an abort when it believes to have found one. The switch is a C++ function whose name carries
 * Debian's inline namespace; where it is not found, nothing is switched.
 *
 * And core without NDEBUG has each connection keep 8 KiB to read into, whatever its arguments say: an experiment of
 * core's, which its environment variable ends. Whoever set the variable knows better.
 */
#include "rpc/core_start.h"

#include <dlfcn.h>
#include <grpc/grpc.h>
#include <stdlib.h>
#include <string.h>

enum { ON_DEADLOCK_CYCLE_IGNORE = 0 };

static void switch_detection_off(void)
{
    void *symbol = dlsym(RTLD_DEFAULT, "_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE");
    void (*set_mode)(int mode);

    if (symbol != NULL) {
        memcpy(&set_mode, &symbol, sizeof(set_mode)); /* ISO C has no cast from an object to a function */
        set_mode(ON_DEADLOCK_CYCLE_IGNORE);
    }
}

void pl_core_start(void)
{
    switch_detection_off();
    setenv("GRPC_EXPERIMENTS", "-tcp_read_chunks", 0);
    grpc_init();
}
