/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The error table is consistent, and an assertion ends the process with a line in the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/status.h"

static const struct {
    const char *name;
    enum pl_status status;
} rows[] = {
#define PL_STATUS(name, grpc_code, http_status, reason, sentence, cure) {#name, PL_##name},
#include "status.def"
#undef PL_STATUS
};

/* The HTTP statuses that may go with a gRPC code; the first is google.rpc's own mapping. */
enum { HTTP_STATUSES = 9 };
static const int http_of_grpc[17][HTTP_STATUSES] = {
    {200},           {499}, {500},      {400, 406, 411, 413, 414, 415, 422, 426, 431},
    {504, 408},      {404}, {409},      {403},
    {429, 413},      {400}, {409, 412}, {400},
    {501, 404, 405}, {500}, {503},      {500},
    {401},
};

static void reason_is_the_name_and_unique(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PL_STATUS_COUNT; i++) {
        assert_int_equal(rows[i].status, i);
        assert_string_equal(pl_status_reason(rows[i].status), rows[i].name);
        for (const char *at = rows[i].name; *at != '\0'; at++)
            assert_true(isupper((unsigned char)*at) || isdigit((unsigned char)*at) || *at == '_');
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(rows[i].name, rows[j].name);
    }
}

static void codes_of_both_protocols_agree(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PL_STATUS_COUNT; i++) {
        int grpc_code = pl_status_grpc_code(rows[i].status);
        int http_status = pl_status_http(rows[i].status);
        bool known = false;
        assert_in_range(grpc_code, 0, 16);
        for (unsigned j = 0; j < HTTP_STATUSES; j++)
            known |= http_of_grpc[grpc_code][j] == http_status;
        if (!known)
            print_error("%s: gRPC code %d does not go with HTTP %d\n", rows[i].name, grpc_code, http_status);
        assert_true(known);
    }
}

static void only_ok_is_success(void **state)
{
    (void)state;
    assert_int_equal(PL_OK, 0);
    for (unsigned i = 0; i < PL_STATUS_COUNT; i++) {
        assert_int_equal(pl_status_grpc_code(rows[i].status) == 0, rows[i].status == PL_OK);
        assert_int_equal(pl_status_http(rows[i].status) == 200, rows[i].status == PL_OK);
    }
}

static void assert_printable(const char *text)
{
    assert_in_range(strlen(text), 1, 120);
    for (const char *at = text; *at != '\0'; at++)
        assert_true(isprint((unsigned char)*at));
}

static void sentences_are_printable_and_not_empty(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PL_STATUS_COUNT; i++)
        assert_printable(pl_status_sentence(rows[i].status));
}

static void cures_are_full_sentences(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PL_STATUS_COUNT; i++) {
        const char *cure = pl_status_cure(rows[i].status);
        assert_printable(cure);
        assert_true(isupper((unsigned char)cure[0]));
        assert_int_equal(cure[strlen(cure) - 1], '.');
    }
}

static noreturn void fail_in_child(int stderr_fd)
{
    struct rlimit no_core = {0};

    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGABRT, SIG_DFL);
    dup2(stderr_fd, STDERR_FILENO);
    pl_assert_failed("1 == 2", "thing.c", 7);
}

static void failed_assertion_is_logged_and_aborts(void **state)
{
    char text[1024] = "";
    int fds[2];
    int wait_status;
    (void)state;

    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0)
        fail_in_child(fds[1]);
    assert_true(child > 0);
    close(fds[1]);
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
    close(fds[0]);
    assert_true(WIFSIGNALED(wait_status));
    assert_int_equal(WTERMSIG(wait_status), SIGABRT);
    assert_non_null(
        strstr(text, "\"event\":\"assertion_failed\",\"condition\":\"1 == 2\",\"file\":\"thing.c\",\"line\":7}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reason_is_the_name_and_unique),
        cmocka_unit_test(codes_of_both_protocols_agree),
        cmocka_unit_test(only_ok_is_success),
        cmocka_unit_test(sentences_are_printable_and_not_empty),
        cmocka_unit_test(cures_are_full_sentences),
        cmocka_unit_test(failed_assertion_is_logged_and_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
