/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The operator key: what its file may hold, and what it opens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/auth.h"
#include "unit/auth/fake_call.h"
#include "unit/auth/fake_db.h"

#define KEY "0123456789abcdef0123456789ABCDEF" /* 32 characters */

static struct pl_db db;
static char path[] = "/tmp/parley-operator-key-XXXXXX";

static int set_up(void **state)
{
    int fd;

    (void)state;
    db = (struct pl_db){.status = PL_OK};
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    fd = mkstemp(path);
    return fd < 0 || close(fd) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static enum pl_status open_with(const void *content, size_t bytes, struct pl_auth **ret_auth, char error[256])
{
    struct pl_config config = {.operator_key_file = path};
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
    return pl_auth_open(&config, &db, NULL, ret_auth, error, 256);
}

static struct pl_auth *open_ok(const char *content)
{
    struct pl_auth *auth = NULL;
    char error[256];

    assert_int_equal(open_with(content, strlen(content), &auth, error), PL_OK);
    return auth;
}

static enum pl_status admit(struct pl_auth *auth, enum pl_scope scope, const char *api_key, const char *acting_user)
{
    struct pl_call call;

    fake_call_init(&call, scope);
    call.api_key = api_key;
    call.acting_user = acting_user;
    pl_auth_admit(auth, &call);
    (void)fake_call_wait(&call);
    if (call.status == PL_OK)
        assert_int_equal(call.principal.kind, PL_PRINCIPAL_OPERATOR);
    fake_call_fini(&call);
    return call.status;
}

static void key_opens_operator_methods_without_the_database(void **state)
{
    static const char *const files[] = {KEY, KEY "\n", KEY "\r\n", KEY "\nnotes below\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct pl_auth *auth = open_ok(files[i]);

        assert_int_equal(admit(auth, PL_SCOPE_OPERATOR, KEY, NULL), PL_OK);
        assert_int_equal(admit(auth, PL_SCOPE_OPERATOR_OR_APP, KEY, NULL), PL_OK);
        assert_int_equal(admit(auth, PL_SCOPE_APP, KEY, NULL), PL_PERMISSION_DENIED);
        assert_int_equal(admit(auth, PL_SCOPE_OPERATOR, KEY, "a1ce0000-0000-7000-8000-000000000001"),
                         PL_ACTING_USER_REFUSED);
        pl_auth_close(auth);
    }
    assert_int_equal(db.asked, 0);
}

static void other_keys_are_not_the_operator(void **state)
{
    static const char *const keys[] = {"", KEY " ", KEY "\n", "0123456789abcdef0123456789abcdef", "0123456789abcdef"};
    struct pl_auth *auth = open_ok(KEY "\n");

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_int_equal(admit(auth, PL_SCOPE_OPERATOR, keys[i], NULL), PL_API_KEY_INVALID);
    pl_auth_close(auth);
}

static void without_a_file_nobody_is_the_operator(void **state)
{
    struct pl_config config = {.operator_key_file = ""};
    struct pl_auth *auth;
    char error[256];

    (void)state;
    assert_int_equal(pl_auth_open(&config, &db, NULL, &auth, error, sizeof(error)), PL_OK);
    assert_int_equal(admit(auth, PL_SCOPE_OPERATOR, "", NULL), PL_API_KEY_INVALID);
    assert_int_equal(admit(auth, PL_SCOPE_OPERATOR, KEY, NULL), PL_API_KEY_INVALID);
    pl_auth_close(auth);
}

static void unfit_files_are_refused_with_a_sentence(void **state)
{
    static char large[1 << 20];
    static const struct {
        const void *content;
        size_t bytes;
    } files[] = {
        {"", 0},
        {"\n", 1},
        {"\n" KEY, 33},
        {"0123456789abcdef0123456789ABCDE", 31},
        {"0123456789abcdef 0123456789ABCDEF", 33},
        {KEY "\x01", 33},
        {KEY "\xc3\xa9", 34},
        {"0123456789abcdef\0"
         "0123456789ABCDEF",
         33},
        {large, 1025},
        {large, sizeof(large)},
    };

    (void)state;
    memset(large, 'k', sizeof(large));
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct pl_auth *auth = NULL;
        char error[256] = "";

        assert_int_equal(open_with(files[i].content, files[i].bytes, &auth, error), PL_INVALID_ARGUMENT);
        assert_null(auth);
        assert_non_null(strstr(error, path));
        assert_null(strstr(error, "0123456789"));
    }
}

static void missing_file_is_refused_with_a_sentence(void **state)
{
    struct pl_config config = {.operator_key_file = "/nonexistent/operator.key"};
    struct pl_auth *auth = NULL;
    char error[256] = "";

    (void)state;
    assert_int_equal(pl_auth_open(&config, &db, NULL, &auth, error, sizeof(error)), PL_INVALID_ARGUMENT);
    assert_non_null(strstr(error, "/nonexistent/operator.key: No such file or directory"));
    config.operator_key_file = "/";
    assert_int_equal(pl_auth_open(&config, &db, NULL, &auth, error, sizeof(error)), PL_INVALID_ARGUMENT);
    assert_null(auth);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(key_opens_operator_methods_without_the_database), TEST(other_keys_are_not_the_operator),
        TEST(without_a_file_nobody_is_the_operator),           TEST(unfit_files_are_refused_with_a_sentence),
        TEST(missing_file_is_refused_with_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
