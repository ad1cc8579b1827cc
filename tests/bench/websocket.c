/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/websocket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench/fail.h"
#include "parley/v1/stream_service.pb-c.h"

enum {
    WAIT_S = 30,
    FINAL_BINARY = 0x82,
    FINAL_PING = 0x89,
    MASKED = 0x80,
    LENGTH_16_BITS = 126,
    SHORT_MAX = 125,
    FRAME_BYTES_MAX = 65536
};

static int connect_to(const char *address)
{
    char host[64] = "";
    const char *colon = strrchr(address, ':');
    struct timeval wait = {.tv_sec = WAIT_S};
    if (colon == NULL || (size_t)(colon - address) >= sizeof(host))
        bench_fail("--gateway must be ADDRESS:PORT");
    memcpy(host, address, (size_t)(colon - address));
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || inet_pton(AF_INET, host, &peer.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&peer, sizeof(peer)) != 0)
        bench_fail("no connection to %s: %s", address, strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    return fd;
}

static void write_all(int fd, const void *data, size_t bytes)
{
    if (send(fd, data, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
        bench_fail("the gateway closed a WebSocket");
}

static void read_all(int fd, void *data, size_t bytes)
{
    for (size_t done = 0; done < bytes;) {
        ssize_t got = recv(fd, (char *)data + done, bytes - done, 0);
        if (got <= 0)
            bench_fail("the gateway closed a WebSocket, or was silent for %d s", WAIT_S);
        done += (size_t)got;
    }
}

/* One byte at a time, so that nothing of the first frame is taken. */
static void read_head(int fd)
{
    char head[4096] = "";
    size_t bytes = 0;
    while (bytes < 4 || memcmp(head + bytes - 4, "\r\n\r\n", 4) != 0) {
        if (bytes == sizeof(head) - 1)
            bench_fail("the gateway's answer is too long");
        read_all(fd, head + bytes++, 1);
    }
    if (strncmp(head, "HTTP/1.1 101 ", 13) != 0)
        bench_fail("the gateway answered %.60s", head);
}

/* With the mask 0, which changes nothing. */
static void say_hello(int fd)
{
    uint8_t frame[6 + SHORT_MAX] = {FINAL_BINARY};
    Parley__V1__Hello hello = PARLEY__V1__HELLO__INIT;
    Parley__V1__ClientFrame message = PARLEY__V1__CLIENT_FRAME__INIT;
    hello.protocol_version = 1;
    hello.client = (char *)"parley-bench";
    message.hello = &hello;
    size_t bytes = parley__v1__client_frame__get_packed_size(&message);
    pl_assert(bytes <= SHORT_MAX);
    frame[1] = (uint8_t)(MASKED | bytes);
    parley__v1__client_frame__pack(&message, frame + 6);
    write_all(fd, frame, 6 + bytes);
}

int bench_websocket_open(const char *address, const char *bearer)
{
    char request[2048];
    int fd = connect_to(address);
    int bytes = snprintf(request, sizeof(request),
                         "GET /v1/stream HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                         "Sec-WebSocket-Protocol: parley.v1.proto\r\nAuthorization: %s\r\n\r\n",
                         address, bearer);
    pl_assert(bytes > 0 && (size_t)bytes < sizeof(request));
    write_all(fd, request, (size_t)bytes);
    read_head(fd);
    say_hello(fd);
    return fd;
}

/* A binary message's bytes, in the arena; NULL for a ping. */
static uint8_t *read_frame(int fd, struct pl_arena *arena, size_t *ret_bytes)
{
    uint8_t head[4];
    read_all(fd, head, 2);
    size_t bytes = head[1];
    if (bytes == LENGTH_16_BITS) {
        read_all(fd, head + 2, 2);
        bytes = (size_t)head[2] << 8 | head[3];
    }
    if ((head[0] != FINAL_BINARY && head[0] != FINAL_PING) || bytes > FRAME_BYTES_MAX || head[1] > LENGTH_16_BITS)
        bench_fail("the gateway sent a frame of kind %#x and %zu bytes", head[0], bytes);
    uint8_t *data = pl_arena_alloc(arena, bytes + 1);
    read_all(fd, data, bytes);
    *ret_bytes = bytes;
    return head[0] == FINAL_PING ? NULL : data;
}

void bench_websocket_await(int fd, struct pl_arena *arena)
{
    bool is_welcome = false;
    for (bool is_caught_up = false; !is_caught_up;) {
        size_t bytes;
        const uint8_t *data = read_frame(fd, arena, &bytes);
        if (data == NULL)
            continue;
        Parley__V1__ServerFrame *frame = parley__v1__server_frame__unpack(NULL, bytes, data);
        if (frame == NULL || (!is_welcome && frame->welcome == NULL))
            bench_violation("a WebSocket's first frame is no welcome, or a frame is no ServerFrame");
        is_welcome = true;
        is_caught_up = frame->caught_up;
        parley__v1__server_frame__free_unpacked(frame, NULL);
        pl_arena_reset(arena);
    }
}

void bench_websocket_check_silent(int fd)
{
    uint8_t first;
    ssize_t got = recv(fd, &first, 1, MSG_DONTWAIT | MSG_PEEK);
    if (got == 0 || (got < 0 && errno != EAGAIN) || (got == 1 && first != FINAL_PING))
        bench_violation("an idle WebSocket was closed, or got something");
}
