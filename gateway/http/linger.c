/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "gateway/http/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { DROP_BYTES = 1 << 20, DROPS_MAX = 8 };

void pl_linger_init(struct pl_linger *linger)
{
    *linger = (struct pl_linger){.count = 0};
    pthread_mutex_init(&linger->lock, NULL);
}

void pl_linger_fini(struct pl_linger *linger)
{
    for (unsigned i = 0; i < linger->count; i++)
        close(linger->entries[i].fd);
    pthread_mutex_destroy(&linger->lock);
}

void pl_linger_add(struct pl_linger *linger, int fd)
{
    pthread_mutex_lock(&linger->lock);
    int copy = linger->count == PL_LINGER_MAX ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) {
        linger->entries[linger->count].fd = copy;
        linger->entries[linger->count++].until_us = pl_clock_now_us() + PL_LINGER_MS * 1000;
    }
    pthread_mutex_unlock(&linger->lock);
}

/* False at the end of the stream. MSG_TRUNC: tcp(7) drops the bytes without copying them anywhere. */
static bool drop_bytes(int fd)
{
    for (unsigned i = 0; i < DROPS_MAX; i++) {
        ssize_t got = recvfrom(fd, NULL, DROP_BYTES, MSG_TRUNC | MSG_DONTWAIT, NULL, NULL);
        if (got <= 0)
            return got < 0 && (errno == EAGAIN || errno == EINTR);
    }
    return true;
}

bool pl_linger_run(struct pl_linger *linger, int64_t now_us)
{
    unsigned kept = 0;

    pthread_mutex_lock(&linger->lock);
    for (unsigned i = 0; i < linger->count; i++)
        if (now_us < linger->entries[i].until_us && drop_bytes(linger->entries[i].fd))
            linger->entries[kept++] = linger->entries[i];
        else
            close(linger->entries[i].fd);
    linger->count = kept;
    pthread_mutex_unlock(&linger->lock);
    return kept > 0;
}
