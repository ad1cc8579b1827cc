/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* HTTP as bytes, for tests: what is sent is sent as it is, and an answer is what came. Fails the test on any error. */
#ifndef TESTS_GATEWAY_HTTP_WIRE_H
#define TESTS_GATEWAY_HTTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>

enum { WIRE_BYTES = 4 << 20 };

struct wire_answer {
    unsigned status;  /* 0: the connection was closed instead */
    const char *head; /* the status line and headers, one string */
    const char *body;
    size_t body_bytes; /* as Content-Length says; 0 for an answer to HEAD */
};

int wire_socket(void);
bool wire_try_connect(int fd, int port);
void wire_connect_socket(int fd, int port);
int wire_connect(int port);
void wire_close(int fd);
void wire_send(int fd, const char *text);
/* False when the server has reset the connection. */
bool wire_try_send(int fd, const void *data, size_t bytes);
/* A server that refuses may close before it has read everything: that is no failure. */
void wire_send_bytes(int fd, const void *data, size_t bytes);
/* The next answer; what it points at is valid until the next call. head_only: an answer to HEAD. */
struct wire_answer wire_read(int fd, bool head_only);
/* Sends text on a new connection and reads the answer; then asserts that the server closes the connection. */
struct wire_answer wire_ask_and_close(int port, const char *text);
/* Waits for the server to close; asserts that it sends nothing more. */
void wire_expect_close(int fd);
/* The value of a header of the answer; NULL without it. */
const char *wire_header(const struct wire_answer *answer, const char *name);

#endif
