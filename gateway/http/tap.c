/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The dynamic linker takes the program's own recv for every library's, the sanitizers' included; the real one is
 * reached as recvfrom, of which recv(2) says that it is the same.
 *
 * recv has no argument of ours, so that what belongs to a descriptor can only be found in a table of the process: the
 * one mutable global of the gateway. A slot is written by the thread that accepts, before libmicrohttpd knows of the
 * descriptor, and by the http thread that owns it, before it is closed.
 */
#include "gateway/http/tap.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>

#include "gateway/http/request.h"

static struct pl_http_request *_Atomic taps[PL_TAP_FDS_MAX];

/* Under our name here, so that it is not a second declaration of the system's. */
__attribute__((visibility("default"))) ssize_t pl_tap_recv(int fd, void *data, size_t bytes, int flags) __asm__("recv");

bool pl_tap_works(void)
{
    return (uintptr_t)dlsym(RTLD_DEFAULT, "recv") == (uintptr_t)pl_tap_recv;
}

void pl_tap_attach(int fd, struct pl_http_request *request)
{
    atomic_store_explicit(&taps[fd], request, memory_order_release);
}

struct pl_http_request *pl_tap_find(int fd)
{
    if (fd < 0 || fd >= PL_TAP_FDS_MAX)
        return NULL;
    return atomic_load_explicit(&taps[fd], memory_order_acquire);
}

ssize_t pl_tap_recv(int fd, void *data, size_t bytes, int flags)
{
    struct pl_http_request *request = pl_tap_find(fd);

    if (request == NULL)
        return recvfrom(fd, data, bytes, flags, NULL, NULL);
    return pl_http_request_read(request, data, bytes, flags);
}
