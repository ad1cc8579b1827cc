/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/cmocka.h"

static char buffer[WIRE_BYTES];
static char found[1024];

int wire_socket(void)
{
    struct timeval patience = {.tv_sec = 120};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

bool wire_try_connect(int fd, int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

void wire_connect_socket(int fd, int port)
{
    assert_true(wire_try_connect(fd, port));
}

int wire_connect(int port)
{
    int fd = wire_socket();

    wire_connect_socket(fd, port);
    return fd;
}

void wire_close(int fd)
{
    close(fd);
}

bool wire_try_send(int fd, const void *data, size_t bytes)
{
    const char *at = data;

    while (bytes > 0) {
        ssize_t sent = send(fd, at, bytes, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
            return false;
        assert_true(sent > 0);
        at += sent;
        bytes -= (size_t)sent;
    }
    return true;
}

void wire_send_bytes(int fd, const void *data, size_t bytes)
{
    (void)wire_try_send(fd, data, bytes);
}

void wire_send(int fd, const char *text)
{
    wire_send_bytes(fd, text, strlen(text));
}

/* False at the end of the stream. */
static bool read_more(int fd, size_t *bytes, size_t wanted)
{
    assert_true(wanted < sizeof(buffer));
    ssize_t got = recvfrom(fd, buffer + *bytes, wanted - *bytes, 0, NULL, NULL);
    if (got < 0)
        assert_int_equal(errno, ECONNRESET);
    if (got <= 0)
        return false;
    *bytes += (size_t)got;
    buffer[*bytes] = '\0';
    return true;
}

/* Byte by byte, so that nothing of a next answer is lost. */
static bool read_head(int fd, size_t *bytes)
{
    while (*bytes < 4 || memcmp(buffer + *bytes - 4, "\r\n\r\n", 4) != 0)
        if (!read_more(fd, bytes, *bytes + 1))
            return false;
    return true;
}

struct wire_answer wire_read(int fd, bool head_only)
{
    struct wire_answer answer = {.head = buffer};
    size_t bytes = 0;

    buffer[0] = '\0';
    if (!read_head(fd, &bytes))
        return answer;
    assert_int_equal(sscanf(buffer, "HTTP/1.%*c %3u ", &answer.status), 1);
    buffer[bytes - 1] = '\0';
    answer.body = buffer + bytes;
    const char *length = wire_header(&answer, "Content-Length");
    if (!head_only && length != NULL)
        answer.body_bytes = (size_t)strtoul(length, NULL, 10);
    size_t end = bytes + answer.body_bytes;
    while (bytes < end)
        assert_true(read_more(fd, &bytes, end));
    buffer[end] = '\0';
    return answer;
}

void wire_expect_close(int fd)
{
    char byte;
    ssize_t got = recvfrom(fd, &byte, 1, 0, NULL, NULL);

    if (got < 0)
        assert_int_equal(errno, ECONNRESET);
    else
        assert_int_equal(got, 0);
}

struct wire_answer wire_ask_and_close(int port, const char *text)
{
    int fd = wire_connect(port);

    wire_send(fd, text);
    struct wire_answer answer = wire_read(fd, false);
    wire_expect_close(fd);
    wire_close(fd);
    return answer;
}

const char *wire_header(const struct wire_answer *answer, const char *name)
{
    size_t bytes = strlen(name);

    for (const char *line = strstr(answer->head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, bytes) != 0 || line[2 + bytes] != ':')
            continue;
        const char *value = line + 2 + bytes + 1 + strspn(line + 2 + bytes + 1, " ");
        snprintf(found, sizeof(found), "%.*s", (int)strcspn(value, "\r"), value);
        return found;
    }
    return NULL;
}
