/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* WebSockets of the gateway, as far as a device needs them that only listens. Everything blocks. */
#ifndef PL_TESTS_BENCH_WEBSOCKET_H
#define PL_TESTS_BENCH_WEBSOCKET_H

#include "base/arena.h"

/* Connects to ADDRESS:PORT, opens a stream and says hello; the socket. */
int bench_websocket_open(const char *address, const char *bearer);
/* Returns when the server says caught_up; the first frame must be welcome. */
void bench_websocket_await(int fd, struct pl_arena *arena);
/* The server must not have closed it, or said anything but a ping. */
void bench_websocket_check_silent(int fd);

#endif
