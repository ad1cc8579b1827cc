/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Routes: which method a verb and a path are, what the variables are, and what is told when there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/route.h"

struct found {
    enum pl_status status;
    struct pl_route route;
    const char *allow;
};

static struct pl_routes *routes;
static struct pl_arena arena;

static int open_routes(void **state)
{
    (void)state;
    routes = pl_routes_new();
    pl_arena_init(&arena, 1 << 20);
    return 0;
}

static int close_routes(void **state)
{
    (void)state;
    pl_routes_free(routes);
    pl_arena_fini(&arena);
    return 0;
}

static struct found find(const char *verb, const char *path)
{
    struct found found = {.allow = NULL};
    found.status = pl_route_find(routes, verb, path, &arena, &found.route, &found.allow);
    return found;
}

static void assert_method(const char *verb, const char *path, const char *name)
{
    struct found found = find(verb, path);
    assert_int_equal(found.status, PL_OK);
    assert_string_equal(found.route.method->name, name);
}

static void assert_status(const char *verb, const char *path, enum pl_status status)
{
    assert_string_equal(pl_status_reason(find(verb, path).status), pl_status_reason(status));
}

/* The template with each variable replaced by its name. */
static const char *example(const char *template)
{
    static char path[256];
    size_t used = 0;
    for (; *template != '\0'; template ++)
        if (strchr("{}", *template) == NULL)
            path[used++] = *template;
    path[used] = '\0';
    return path;
}

static void every_rule_of_every_method_is_found(void **state)
{
    (void)state;
    for (unsigned i = 0; i < pl_api_method_count; i++)
        for (unsigned k = 0; k < pl_api_methods[i].http_count; k++)
            assert_method(pl_api_methods[i].http[k].verb, example(pl_api_methods[i].http[k].template),
                          pl_api_methods[i].name);
}

static void variables_are_named_and_in_order(void **state)
{
    struct found found = find("POST", "/v1/users/u1/devices/d1/tokens");
    (void)state;
    assert_int_equal(found.status, PL_OK);
    assert_int_equal(found.route.variable_count, 2);
    assert_string_equal(found.route.variables[0].name, "user_id");
    assert_string_equal(found.route.variables[0].value, "u1");
    assert_string_equal(found.route.variables[1].name, "device_id");
    assert_string_equal(found.route.variables[1].value, "d1");
}

static void words_behind_a_variable_are_no_part_of_it(void **state)
{
    struct found found = find("POST", "/v1/chats/c1:join");
    (void)state;
    assert_string_equal(found.route.method->name, "JoinChat");
    assert_string_equal(found.route.variables[0].value, "c1");
    assert_method("POST", "/v1/chats/c1:leave", "LeaveChat");
    assert_method("POST", "/v1/messages:batch", "SendMessages");
    assert_status("POST", "/v1/chats/c1:jion", PL_ROUTE_NOT_FOUND);
    assert_status("POST", "/v1/chats/:join", PL_ROUTE_NOT_FOUND);
    assert_status("GET", "/v1/chats/c1:join", PL_METHOD_NOT_ALLOWED);
    assert_status("GET", "/v1/chats/c1:x", PL_ROUTE_NOT_FOUND);
}

static void variables_are_decoded_after_matching(void **state)
{
    struct found found = find("GET", "/v1/chats/a%2Fb%3aj%C3%A9+");
    (void)state;
    assert_int_equal(found.status, PL_OK);
    assert_string_equal(found.route.variables[0].value, "a/b:j\xc3\xa9+");
    assert_status("GET", "/v1%2Fchats", PL_ROUTE_NOT_FOUND);
    assert_status("GET", "/v1/ch%61ts", PL_ROUTE_NOT_FOUND);
}

static void bad_escapes_are_refused(void **state)
{
    static const char *const bad[] = {"%", "%4", "%4g", "a%00b", "%%41", "%-1", "% 1"};
    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_status("GET", pl_arena_printf(&arena, "/v1/chats/%s", bad[i]), PL_MALFORMED_REQUEST);
    assert_status("GET", "/v1/chats/%ff", PL_INVALID_TEXT);
    assert_status("GET", "/v1/chats/%ed%a0%80", PL_INVALID_TEXT);
}

static void paths_that_are_not_quite_a_template_are_not_found(void **state)
{
    static const char *const paths[] = {"",           "/",
                                        "*",          "v1/chats",
                                        "/v1",        "/v1/",
                                        "/v1/chats/", "//v1/chats",
                                        "/v1//chats", "/v1/chats/a/b/c",
                                        "/V1/chats",  "/v1/chat",
                                        "/v1/chatss", "/v1/./chats",
                                        "/v2/chats",  "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p"};
    (void)state;
    for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_status("GET", paths[i], PL_ROUTE_NOT_FOUND);
}

static void a_path_with_another_verb_says_which_it_takes(void **state)
{
    struct found found = find("DELETE", "/v1/messages");
    (void)state;
    assert_int_equal(found.status, PL_METHOD_NOT_ALLOWED);
    assert_string_equal(found.allow, "POST, GET, HEAD, OPTIONS");
    found = find("OPTIONS", "/v1/chats/c1");
    assert_int_equal(found.status, PL_METHOD_NOT_ALLOWED);
    assert_string_equal(found.allow, "GET, HEAD, PATCH, DELETE, OPTIONS");
    assert_status("get", "/v1/messages", PL_METHOD_NOT_ALLOWED);
}

static void the_asterisk_takes_what_any_path_takes(void **state)
{
    struct found found = find("OPTIONS", "*");
    (void)state;
    assert_int_equal(found.status, PL_METHOD_NOT_ALLOWED);
    for (unsigned i = 0; i < pl_api_method_count; i++)
        for (unsigned k = 0; k < pl_api_methods[i].http_count; k++)
            assert_non_null(strstr(found.allow, pl_api_methods[i].http[k].verb));
    assert_non_null(strstr(found.allow, "GET, HEAD"));
    assert_string_equal(found.allow + strlen(found.allow) - strlen(", OPTIONS"), ", OPTIONS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_of_every_method_is_found),
        cmocka_unit_test(variables_are_named_and_in_order),
        cmocka_unit_test(words_behind_a_variable_are_no_part_of_it),
        cmocka_unit_test(variables_are_decoded_after_matching),
        cmocka_unit_test(bad_escapes_are_refused),
        cmocka_unit_test(paths_that_are_not_quite_a_template_are_not_found),
        cmocka_unit_test(a_path_with_another_verb_says_which_it_takes),
        cmocka_unit_test(the_asterisk_takes_what_any_path_takes),
    };

    return cmocka_run_group_tests(tests, open_routes, close_routes);
}
