/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Where the tokens of a client come from. */
#include <stdio.h>
#include <string.h>

#include "sdk/c/src/token.h"
#include "support/cmocka.h"

/* Gives "token-1", "token-2", …, or what `text` says. */
struct given {
    int count;
    int answer;
    const char *text;
};

static int give(void *userdata, char *ret_token, size_t token_bytes)
{
    struct given *given = userdata;
    given->count++;
    if (given->text != NULL)
        snprintf(ret_token, token_bytes, "%s", given->text);
    else
        snprintf(ret_token, token_bytes, "token-%d", given->count);
    return given->answer;
}

static int give_without_end(void *userdata, char *ret_token, size_t token_bytes)
{
    (void)userdata;
    memset(ret_token, 'x', token_bytes);
    return 0;
}

static void without_a_provider_the_token_is_empty(void **state)
{
    struct pl_token_source source;
    struct pl_token token;
    parley_error error;
    (void)state;
    pl_token_source_init(&source, NULL, NULL);
    assert_int_equal(pl_token_get(&source, 0, &token, &error), PARLEY_OK);
    assert_string_equal(token.text, "");
    assert_false(pl_token_source_renews(&source));
    pl_token_source_fini(&source);
}

static void a_token_is_kept_until_it_has_expired(void **state)
{
    struct given given = {.count = 0};
    struct pl_token_source source;
    struct pl_token first;
    struct pl_token again;
    parley_error error;
    (void)state;
    pl_token_source_init(&source, give, &given);
    assert_int_equal(pl_token_get(&source, 0, &first, &error), PARLEY_OK);
    assert_int_equal(pl_token_get(&source, 0, &again, &error), PARLEY_OK);
    assert_string_equal(again.text, "token-1");
    assert_int_equal(pl_token_get(&source, first.generation, &again, &error), PARLEY_OK);
    assert_string_equal(again.text, "token-2");
    pl_token_source_fini(&source);
}

static void who_finds_an_old_token_expired_gets_the_one_that_another_has_got(void **state)
{
    struct given given = {.count = 0};
    struct pl_token_source source;
    struct pl_token old;
    struct pl_token token;
    parley_error error;
    (void)state;
    pl_token_source_init(&source, give, &given);
    assert_int_equal(pl_token_get(&source, 0, &old, &error), PARLEY_OK);
    assert_int_equal(pl_token_renew(&source, &token, &error), PARLEY_OK);
    assert_int_equal(pl_token_get(&source, old.generation, &token, &error), PARLEY_OK);
    assert_string_equal(token.text, "token-2");
    assert_int_equal(given.count, 2);
    pl_token_source_fini(&source);
}

static void no_token_is_said(void **state)
{
    static const struct given cases[] = {{.answer = -1}, {.text = ""}, {.text = "two words"}, {.text = "line\n"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct given given = cases[i];
        struct pl_token_source source;
        struct pl_token token;
        parley_error error;
        pl_token_source_init(&source, give, &given);
        assert_int_equal(pl_token_get(&source, 0, &token, &error), PARLEY_TOKEN_UNAVAILABLE);
        assert_string_equal(error.reason, "TOKEN_UNAVAILABLE");
        pl_token_source_fini(&source);
    }
}

static void a_token_without_its_nul_is_refused(void **state)
{
    struct pl_token_source source;
    struct pl_token token;
    parley_error error;
    (void)state;
    pl_token_source_init(&source, give_without_end, NULL);
    assert_int_equal(pl_token_renew(&source, &token, &error), PARLEY_TOKEN_UNAVAILABLE);
    pl_token_source_fini(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_provider_the_token_is_empty),
        cmocka_unit_test(a_token_is_kept_until_it_has_expired),
        cmocka_unit_test(who_finds_an_old_token_expired_gets_the_one_that_another_has_got),
        cmocka_unit_test(no_token_is_said),
        cmocka_unit_test(a_token_without_its_nul_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
