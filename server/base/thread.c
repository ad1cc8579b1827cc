/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "base/thread.h"

bool pl_thread_start(pthread_t *ret_thread, const char *name, void *(*run)(void *argument), void *argument)
{
    if (pthread_create(ret_thread, NULL, run, argument) != 0)
        return false;
    (void)pthread_setname_np(*ret_thread, name); /* it fails where the thread is over already */
    return true;
}
