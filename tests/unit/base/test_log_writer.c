/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Lines that gather: none is lost, they stay in order, and nobody waits for a write that others need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

enum { THREADS = 4, LINES = 2000, TEXT_BYTES = 16384 };

static int saved_stderr;

static int save(void **state)
{
    (void)state;
    saved_stderr = dup(STDERR_FILENO);
    return saved_stderr < 0;
}

/* After this the thread has nothing more to write to what was standard error. */
static int restore(void **state)
{
    (void)state;
    pl_log_flush();
    dup2(saved_stderr, STDERR_FILENO);
    return close(saved_stderr);
}

/* Standard error's other end: of a pipe, or of packets, each of which is one write. */
static int capture(bool packets)
{
    int fds[2];

    assert_int_equal(packets ? socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) : pipe(fds), 0);
    assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
    close(fds[1]);
    return fds[0];
}

static void log_number(int number)
{
    pl_log(PL_LOG_INFO, "counted", PL_LOG_NUMBER("n", number));
}

static unsigned count_of(const char *text, const char *word)
{
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        count++;
    return count;
}

/* What a child that logs on its thread, and ends, has written to a pipe, which has more room than that. */
static void read_child(int read_end, char *ret_text)
{
    size_t bytes = 0;
    ssize_t got;

    while ((got = read(read_end, ret_text + bytes, TEXT_BYTES - 1 - bytes)) > 0)
        bytes += (size_t)got;
    ret_text[bytes] = '\0';
    close(read_end);
}

/* Log lines, then the end: of a fork before this process starts its own thread. */
static int run_child(void (*end)(void), char *ret_text)
{
    int wait_status;
    int read_end = capture(false);
    pid_t child = fork();

    if (child == 0) {
        pl_log_start();
        for (int i = 0; i < 50; i++)
            log_number(i);
        end();
    }
    assert_true(child > 0);
    dup2(saved_stderr, STDERR_FILENO);
    read_child(read_end, ret_text);
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    return wait_status;
}

static void leave(void)
{
    exit(0);
}

static void assert_wrong(void)
{
    struct rlimit no_core = {0};

    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGABRT, SIG_DFL);
    pl_assert_failed("1 == 2", "thing.c", 7);
}

static void exit_writes_what_is_left(void **state)
{
    char text[TEXT_BYTES];
    (void)state;

    assert_int_equal(run_child(leave, text), 0);
    assert_int_equal(count_of(text, "\"counted\""), 50);
    assert_non_null(strstr(text, "\"n\":49}\n"));
}

static void failed_assertion_is_the_last_of_all_lines(void **state)
{
    char text[TEXT_BYTES];
    (void)state;

    int wait_status = run_child(assert_wrong, text);
    assert_true(WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGABRT);
    assert_int_equal(count_of(text, "\"counted\""), 50);
    assert_non_null(strstr(strstr(text, "\"n\":49}\n"), "\"assertion_failed\""));
}

static void line_is_written_without_being_waited_for(void **state)
{
    char text[TEXT_BYTES];
    int read_end = capture(false);
    (void)state;

    for (int i = 0; i < 3; i++) {
        log_number(i);
        assert_true(read(read_end, text, sizeof(text)) > 0);
    }
    close(read_end);
}

/* Nothing is read yet: what the socket holds was written before the call returned. */
static void warning_is_written_at_once_behind_what_came_before(void **state)
{
    char text[TEXT_BYTES] = "";
    size_t bytes = 0;
    ssize_t got;
    int read_end = capture(true);
    (void)state;

    log_number(1);
    log_number(2);
    pl_log_fields(PL_LOG_WARNING, "warned", NULL, 0);
    while ((got = recv(read_end, text + bytes, sizeof(text) - 1 - bytes, MSG_DONTWAIT)) > 0)
        bytes += (size_t)got;
    text[bytes] = '\0';
    assert_non_null(strstr(strstr(strstr(text, "\"n\":1}"), "\"n\":2}"), "\"event\":\"warned\"}\n"));
    close(read_end);
}

/* The thread cannot finish a write before the packets in its way are read, and all lines are there by then. */
static void lines_that_gather_during_a_write_are_one_write(void **state)
{
    char text[TEXT_BYTES];
    unsigned lines = 0, packets = 0;
    int read_end = capture(true);
    (void)state;

    while (send(STDERR_FILENO, "x", 1, MSG_DONTWAIT) == 1)
        continue;
    for (int i = 0; i < 100; i++)
        log_number(i);
    while (lines < 100) {
        ssize_t got = read(read_end, text, sizeof(text) - 1);
        assert_true(got > 0);
        text[got] = '\0';
        lines += count_of(text, "\n");
        packets += got > 1;
    }
    assert_true(packets <= 2);
    close(read_end);
}

static void *log_lines(void *argument)
{
    for (int i = 0; i < LINES; i++)
        pl_log(PL_LOG_INFO, "counted", PL_LOG_NUMBER("thread", (intptr_t)argument), PL_LOG_NUMBER("n", i),
               PL_LOG_TEXT("text", "long enough for the lines of all to be several times what the buffer holds"));
    return NULL;
}

static void check_line(const char *text, json_int_t *next)
{
    json_t *line = json_loads(text, 0, NULL);

    assert_non_null(line);
    json_int_t thread = json_integer_value(json_object_get(line, "thread"));
    assert_int_equal(json_integer_value(json_object_get(line, "n")), next[thread]++);
    json_decref(line);
}

static void no_line_is_lost_or_torn_between_threads(void **state)
{
    pthread_t threads[THREADS];
    json_int_t next[THREADS] = {0};
    char text[TEXT_BYTES];
    FILE *lines = tmpfile();
    (void)state;

    assert_non_null(lines);
    dup2(fileno(lines), STDERR_FILENO);
    for (intptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_lines, (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pl_log_flush();
    rewind(lines);
    while (fgets(text, sizeof(text), lines) != NULL)
        check_line(text, next);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(next[i], LINES);
    fclose(lines);
}

static int start(void **state)
{
    pl_log_start();
    return save(state);
}

#define RESTORED(test) cmocka_unit_test_setup_teardown(test, save, restore)

/* In this order: the children are forked before the thread is started. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        RESTORED(exit_writes_what_is_left),
        RESTORED(failed_assertion_is_the_last_of_all_lines),
        cmocka_unit_test_setup_teardown(line_is_written_without_being_waited_for, start, restore),
        RESTORED(warning_is_written_at_once_behind_what_came_before),
        RESTORED(lines_that_gather_during_a_write_are_one_write),
        RESTORED(no_line_is_lost_or_torn_between_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
