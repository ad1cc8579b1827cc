/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How a command that runs a stream waits. */
#include "sdk/c/cli/wakeup.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int event_fd = -1;
static volatile sig_atomic_t interrupted;

void pl_wakeup_notify(void)
{
    uint64_t one = 1;
    ssize_t written = write(event_fd, &one, sizeof one);
    (void)written; /* a full counter wakes as well */
}

static void take_signal(int number)
{
    int before = errno;
    (void)number;
    interrupted = 1;
    pl_wakeup_notify();
    errno = before;
}

void pl_wakeup_init(void)
{
    struct sigaction action = {.sa_handler = take_signal, .sa_flags = (int)SA_RESETHAND};
    event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_fd < 0) {
        perror("parley: eventfd");
        exit(1);
    }
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool pl_wakeup_wait(bool watch_input, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = event_fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    uint64_t count;
    ssize_t got;
    if (poll(fds, watch_input ? 2 : 1, timeout_ms) <= 0)
        return false;
    got = read(event_fd, &count, sizeof count);
    (void)got; /* nothing to read is fine */
    return watch_input && fds[1].revents != 0;
}

bool pl_wakeup_interrupted(void)
{
    return interrupted != 0;
}
