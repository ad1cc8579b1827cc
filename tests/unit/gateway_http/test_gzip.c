/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "gateway/http/gzip.h"

#include <string.h>

#include "support/cmocka.h"

static void accept_encoding_is_read_by_its_qualities(void **state)
{
    static const struct {
        const char *value;
        bool accepted;
    } cases[] = {
        {NULL, false},
        {"", false},
        {"gzip", true},
        {"GZip", true},
        {"br, gzip", true},
        {"deflate,gzip ;q=0.001", true},
        {"gzip;q=1.0, identity; q=0.5, *;q=0", true},
        {"gzip; q=0.5, identity;q=0.5", true},
        {"gzip;Q=0.4, identity;q=0.5", false},
        {"gzip;q=0", false},
        {"gzip;q=0.000", false},
        {"gzip;q=nonsense", false},
        {"gzip;", true},
        {"*", true},
        {"*;q=0", false},
        {"gzip;q=0, *", false},
        {"br", false},
        {"gzipped", false},
        {"x-gzip", false},
        {"identity", false},
        {",,, gzip", true},
    };
    (void)state;

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (pl_gzip_accepted(cases[i].value) != cases[i].accepted)
            fail_msg("\"%s\"", cases[i].value == NULL ? "NULL" : cases[i].value);
}

static void what_would_grow_is_left_alone(void **state)
{
    struct pl_gzip *gzip = pl_gzip_new(1);
    struct pl_arena arena;
    size_t bytes = 0;
    char same[4096] = "";
    (void)state;

    pl_arena_init(&arena, 1 << 20);
    assert_null(pl_gzip_compress(gzip, "abc", 3, &arena, &bytes));
    assert_non_null(pl_gzip_compress(gzip, same, sizeof(same), &arena, &bytes));
    assert_in_range(bytes, 20, 100);
    pl_arena_fini(&arena);
    pl_gzip_free(gzip);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(accept_encoding_is_read_by_its_qualities),
    cmocka_unit_test(what_would_grow_is_left_alone),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
