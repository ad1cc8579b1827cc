/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Which connections wait within a turn: seen in the sockets. */
#include "support/cmocka.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/cork.h"

static struct pl_loop loop;
static struct pl_cork cork;
static int fds[2];

static void ring(void *owner)
{
    (void)owner;
}

static int set_up(void **state)
{
    (void)state;
    pl_loop_init(&loop, 0, ring, NULL);
    pl_cork_init(&cork, &loop);
    for (int i = 0; i < 2; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fds[i] >= 0);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_loop_turn(&loop);
    pl_cork_fini(&cork);
    pl_loop_fini(&loop);
    close(fds[0]);
    close(fds[1]);
    return 0;
}

static bool is_corked(int fd)
{
    int value = -1;
    socklen_t bytes = sizeof(value);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_CORK, &value, &bytes), 0);
    return value != 0;
}

static void connection_of_several_streams_waits_for_the_end_of_the_turn(void **state)
{
    (void)state;
    pl_cork_add_stream(&cork, fds[0]);
    pl_cork_add_stream(&cork, fds[0]);
    pl_cork_write(&cork, fds[0]);
    pl_cork_write(&cork, fds[0]);
    assert_true(is_corked(fds[0]));
    pl_loop_turn(&loop);
    assert_false(is_corked(fds[0]));
    pl_cork_write(&cork, fds[0]);
    assert_true(is_corked(fds[0]));
}

static void connection_of_one_stream_does_not_wait(void **state)
{
    (void)state;
    pl_cork_add_stream(&cork, fds[0]);
    pl_cork_add_stream(&cork, fds[1]);
    pl_cork_add_stream(&cork, fds[1]);
    pl_cork_remove_stream(&cork, fds[1]);
    pl_cork_write(&cork, fds[0]);
    pl_cork_write(&cork, fds[1]);
    assert_false(is_corked(fds[0]));
    assert_false(is_corked(fds[1]));
}

static void many_writes_leave_before_the_turn_is_over(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        pl_cork_add_stream(&cork, fds[i]);
        pl_cork_add_stream(&cork, fds[i]);
    }
    pl_cork_write(&cork, fds[0]);
    int writes = 1;
    for (; is_corked(fds[0]) && writes < 1000; writes++)
        pl_cork_write(&cork, fds[1]);
    assert_in_range(writes, 2, 999);
    assert_true(is_corked(fds[1]));
    pl_loop_turn(&loop);
    assert_false(is_corked(fds[1]));
}

static void stream_of_no_known_connection_is_nothing(void **state)
{
    (void)state;
    pl_cork_add_stream(&cork, -1);
    pl_cork_write(&cork, -1);
    pl_cork_remove_stream(&cork, -1);
}

static void loops_do_not_wait_for_each_other_for_long(void **state)
{
    (void)state;
    struct pl_loop other_loop;
    struct pl_cork other;
    pl_loop_init(&other_loop, 1, ring, NULL);
    pl_cork_init(&other, &other_loop);
    for (int i = 0; i < 2; i++) {
        pl_cork_add_stream(&cork, fds[0]);
        pl_cork_add_stream(&other, fds[0]);
    }
    pl_cork_write(&cork, fds[0]);
    pl_cork_write(&other, fds[0]);
    pl_loop_turn(&loop);
    assert_false(is_corked(fds[0]));
    pl_loop_turn(&other_loop);
    assert_false(is_corked(fds[0]));
    pl_cork_fini(&other);
    pl_loop_fini(&other_loop);
}

/* As when core closed it while a stream's end is on its way. */
static void closed_connection_is_left_alone(void **state)
{
    (void)state;
    pl_cork_add_stream(&cork, fds[0]);
    pl_cork_add_stream(&cork, fds[0]);
    pl_cork_write(&cork, fds[0]);
    close(fds[0]);
    pl_loop_turn(&loop);
    fds[0] = dup(fds[1]);
    pl_cork_write(&cork, fds[0]);
    pl_loop_turn(&loop);
    assert_false(is_corked(fds[1]));
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(connection_of_several_streams_waits_for_the_end_of_the_turn),
        TEST(connection_of_one_stream_does_not_wait),
        TEST(many_writes_leave_before_the_turn_is_over),
        TEST(stream_of_no_known_connection_is_nothing),
        TEST(loops_do_not_wait_for_each_other_for_long),
        TEST(closed_connection_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
