/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A write costs more than the line: 20 us of a request's 90, when each is a write. The thread writes the first line
 * after a silence at once, and then pauses, so that the lines of a busy server leave some hundred at a time. Nothing is
 * dropped: who finds the buffer full writes it. No assertion here: a failed one logs.
 */
#include "base/log_writer.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/status.h"
#include "base/thread.h"

enum { BUFFER_BYTES = 64 << 10, PAUSE_MS = 20 };

struct log_buffer {
    char data[BUFFER_BYTES];
    size_t bytes;
};

static struct {
    pthread_mutex_t writing; /* held by who writes, which keeps the order; taken before lock */
    struct log_buffer *full; /* under writing: is empty when nobody writes */
    pthread_mutex_t lock;    /* guards what follows */
    struct log_buffer *gathered;
    bool started;
    pthread_cond_t filled; /* gathered is no longer empty */
    struct log_buffer buffers[2];
} writer = {
    .writing = PTHREAD_MUTEX_INITIALIZER,
    .full = &writer.buffers[0],
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .gathered = &writer.buffers[1],
    .filled = PTHREAD_COND_INITIALIZER,
};

/* A write that fails is not repeated: logging never stops the server. */
static void write_all(const char *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = write(STDERR_FILENO, data, bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        data += written;
        bytes -= (size_t)written;
    }
}

void pl_log_writer_flush(void)
{
    pthread_mutex_lock(&writer.writing);
    pthread_mutex_lock(&writer.lock);
    struct log_buffer *full = writer.gathered;
    writer.gathered = writer.full;
    writer.full = full;
    pthread_mutex_unlock(&writer.lock);
    write_all(full->data, full->bytes);
    full->bytes = 0;
    pthread_mutex_unlock(&writer.writing);
}

/* False when there is no room. */
static bool gather(const char *line, size_t bytes)
{
    pthread_mutex_lock(&writer.lock);
    struct log_buffer *gathered = writer.gathered;
    bool was_empty = gathered->bytes == 0;
    bool fits = bytes <= sizeof(gathered->data) - gathered->bytes;
    if (fits) {
        memcpy(gathered->data + gathered->bytes, line, bytes);
        gathered->bytes += bytes;
    }
    bool alone = !writer.started;
    pthread_mutex_unlock(&writer.lock);
    if (alone)
        pl_log_writer_flush();
    else if (was_empty)
        pthread_cond_signal(&writer.filled);
    return fits;
}

void pl_log_writer_put(const char *line, size_t bytes, bool urgent)
{
    while (!gather(line, bytes))
        pl_log_writer_flush();
    if (urgent)
        pl_log_writer_flush();
}

static void *run(void *argument)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
    (void)argument;

    for (;;) {
        pthread_mutex_lock(&writer.lock);
        while (writer.gathered->bytes == 0)
            pthread_cond_wait(&writer.filled, &writer.lock);
        pthread_mutex_unlock(&writer.lock);
        pl_log_writer_flush();
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    return NULL;
}

void pl_log_writer_start(void)
{
    pthread_t thread;

    pl_assert(pl_thread_start(&thread, "log", run, NULL));
    pl_assert(pthread_detach(thread) == 0);
    pthread_mutex_lock(&writer.lock);
    writer.started = true;
    pthread_mutex_unlock(&writer.lock);
}
