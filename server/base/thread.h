/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Threads with names, so that `top -H` says what the CPU is used for. */
#ifndef PL_BASE_THREAD_H
#define PL_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

#include "base/status.h"

/* name: up to 15 bytes. False when the system gives no thread. */
bool pl_thread_start(pthread_t *ret_thread, const char *name, void *(*run)(void *argument),
                     void *argument) PL_MUST_CHECK;

#endif
