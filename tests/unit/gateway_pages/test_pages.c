/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The pages are there, say what the tables say, and refer to no other host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/status.h"
#include "gateway/pages/pages.h"

#define BODY_BYTES_MAX 4321

static struct pl_web_pages *pages;

static int open_pages(void **state)
{
    (void)state;
    pages = pl_web_pages_new(BODY_BYTES_MAX);
    return 0;
}

static int close_pages(void **state)
{
    (void)state;
    pl_web_pages_free(pages);
    return 0;
}

static const struct pl_web_page *page_at(const char *path)
{
    const struct pl_web_page *page = pl_web_pages_find(pages, path);
    if (page == NULL)
        print_error("there is no page %s\n", path);
    assert_non_null(page);
    return page;
}

/* The body as a string; the caller frees it. */
static char *text_of(const char *path)
{
    const struct pl_web_page *page = page_at(path);
    char *text = strndup(page->body, page->body_bytes);
    assert_int_equal(strlen(text), page->body_bytes);
    return text;
}

static void assert_has(const char *path, const char *needle)
{
    char *text = text_of(path);
    if (strstr(text, needle) == NULL)
        print_error("%s lacks: %s\n", path, needle);
    assert_non_null(strstr(text, needle));
    free(text);
}

static void the_reference_and_its_parts_are_served(void **state)
{
    (void)state;
    assert_string_equal(page_at("/docs")->content_type, "text/html; charset=utf-8");
    assert_has("/docs", "<script src=\"/docs/swagger-ui-bundle.js\">");
    assert_has("/docs/docs.js", "url: \"/openapi.yaml\"");
    assert_has("/docs/swagger-ui.css", ".swagger-ui");
    assert_true(page_at("/docs/swagger-ui-bundle.js")->body_bytes > 100000);
    assert_has("/docs/swagger-ui.LICENSE", "Apache License");
    assert_memory_equal(page_at("/favicon.ico")->body, "\x89PNG", 4);
    assert_string_equal(page_at("/openapi.yaml")->content_type, "application/yaml");
    assert_has("/openapi.yaml", "openapi: 3.1");
}

static void no_page_is_where_none_is(void **state)
{
    (void)state;
    assert_null(pl_web_pages_find(pages, "/"));
    assert_null(pl_web_pages_find(pages, "/docs/.."));
    assert_null(pl_web_pages_find(pages, "/problems/OK"));
    assert_null(pl_web_pages_find(pages, "/problems/NO_SUCH_REASON"));
}

static void every_error_has_a_page_with_cause_and_cure(void **state)
{
    char path[128];
    char number[32];
    (void)state;
    for (int i = PL_OK + 1; i < PL_STATUS_COUNT; i++) {
        snprintf(path, sizeof(path), "/problems/%s", pl_status_reason((enum pl_status)i));
        snprintf(number, sizeof(number), "<td>%d</td>", pl_status_http((enum pl_status)i));
        assert_has(path, number);
        assert_has(path, pl_status_sentence((enum pl_status)i));
        assert_has(path, pl_status_cure((enum pl_status)i));
        assert_has("/problems", path);
    }
    assert_has("/problems/CHAT_NOT_FOUND", "5 NOT_FOUND");
}

static void limits_are_those_that_the_code_checks(void **state)
{
    const struct pl_web_page *page = page_at("/limits");
    json_t *root = json_loadb(page->body, page->body_bytes, JSON_REJECT_DUPLICATES, NULL);
    json_t *limits = json_object_get(root, "limits");
    const char *name;
    json_t *value;
    (void)state;
    assert_string_equal(page->content_type, "application/json");
    assert_int_equal(json_integer_value(json_object_get(limits, "request_body_bytes_max")), BODY_BYTES_MAX);
    assert_int_equal(json_integer_value(json_object_get(limits, "content_bytes_max")), PL_CONTENT_BYTES_MAX);
    assert_int_equal(json_integer_value(json_object_get(limits, "page_size_max")), PL_PAGE_SIZE_MAX);
    assert_true(json_is_string(json_object_get(json_object_get(root, "rate_limits"), "user_messages")));
    json_object_foreach(limits, name, value)
    {
        assert_true(json_is_integer(value));
        assert_true(json_is_string(json_object_get(json_object_get(root, "meanings"), name)));
    }
    json_decref(root);
}

static const char *header(const struct pl_web_page *page, const char *name)
{
    for (unsigned i = 0; i < page->header_count; i++)
        if (strcmp(page->headers[i].name, name) == 0)
            return page->headers[i].value;
    return NULL;
}

static void browsers_load_nothing_from_another_host(void **state)
{
    static const char *const paths[] = {"/docs", "/problems", "/problems/INTERNAL", "/openapi.yaml", "/limits"};
    (void)state;
    for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *policy = header(page_at(paths[i]), "Content-Security-Policy");
        assert_memory_equal(policy, "default-src 'none';", 19);
        assert_null(strstr(policy, "http"));
        assert_null(strchr(policy, '*'));
        assert_null(strstr(policy, "unsafe"));
    }
}

static void assert_refers_to_own_paths(const char *path, const char *attribute)
{
    char *text = text_of(path);
    for (const char *at = strstr(text, attribute); at != NULL; at = strstr(at + 1, attribute)) {
        const char *target = at + strlen(attribute);
        assert_true(target[0] == '/' && target[1] != '/');
    }
    free(text);
}

static void pages_refer_to_their_own_host(void **state)
{
    static const char *const paths[] = {"/docs", "/problems", "/problems/INTERNAL"};
    (void)state;
    for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_refers_to_own_paths(paths[i], "src=\"");
        assert_refers_to_own_paths(paths[i], "href=\"");
    }
    assert_has("/docs/docs.js", "validatorUrl: null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_and_its_parts_are_served),
        cmocka_unit_test(no_page_is_where_none_is),
        cmocka_unit_test(every_error_has_a_page_with_cause_and_cure),
        cmocka_unit_test(limits_are_those_that_the_code_checks),
        cmocka_unit_test(browsers_load_nothing_from_another_host),
        cmocka_unit_test(pages_refer_to_their_own_host),
    };
    return cmocka_run_group_tests(tests, open_pages, close_pages);
}
