/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to gateway/http: connections that were closed while their client may still be sending. Closing a socket with
 * unread bytes resets it, and the reset can overtake the answer; so what comes is read and dropped for a while (RFC
 * 9112 section 9.6). Past a number of them connections are closed at once. Any thread.
 */
#ifndef PL_GATEWAY_HTTP_LINGER_H
#define PL_GATEWAY_HTTP_LINGER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { PL_LINGER_MAX = 64, PL_LINGER_MS = 2000, PL_LINGER_TICK_MS = 10 };

struct pl_linger {
    pthread_mutex_t lock; /* guards what follows */
    unsigned count;
    struct {
        int fd;
        int64_t until_us;
    } entries[PL_LINGER_MAX];
};

void pl_linger_init(struct pl_linger *linger);
/* Closes all. */
void pl_linger_fini(struct pl_linger *linger);
/* fd stays the caller's; its sending side has been shut down. */
void pl_linger_add(struct pl_linger *linger, int fd);
/* Reads what has come, closes what has ended. True when it should be called again in PL_LINGER_TICK_MS. */
bool pl_linger_run(struct pl_linger *linger, int64_t now_us);

#endif
