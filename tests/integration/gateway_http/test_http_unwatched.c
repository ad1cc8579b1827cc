/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* gateway/http where the system has no room for another descriptor in an epoll set (fs.epoll.max_user_watches). */
#include <errno.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "http_server.h"
#include "support/cmocka.h"
#include "wire.h"

/* Of the next connection. */
static atomic_bool refuses;

/* epoll_ctl, libmicrohttpd's too; it is the one who watches for what is urgent. */
__attribute__((visibility("default"))) int control(int epoll_fd, int operation, int fd,
                                                   const struct epoll_event *event) __asm__("epoll_ctl");

int control(int epoll_fd, int operation, int fd, const struct epoll_event *event)
{
    if (operation == EPOLL_CTL_ADD && (event->events & EPOLLPRI) != 0 && atomic_exchange(&refuses, false)) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_epoll_ctl, epoll_fd, operation, fd, event);
}

static void connection_that_cannot_be_watched_is_closed(void **state)
{
    struct http_server *server = http_server_open((struct pl_http_options){0});
    (void)state;

    atomic_store(&refuses, true);
    int fd = wire_connect(http_server_port(server));
    wire_expect_close(fd);
    assert_false(atomic_load(&refuses));
    wire_close(fd);
    fd = wire_connect(http_server_port(server));
    wire_send(fd, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(wire_read(fd, false).status, 200);
    wire_close(fd);
    http_server_close(server);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(connection_that_cannot_be_watched_is_closed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
