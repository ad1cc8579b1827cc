/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Arena: alignment, bounds, what a reset keeps, and the order of cleanups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdalign.h>
#include <string.h>

#include "base/arena.h"

struct record {
    char *text;
    char letter;
};

static void append_letter(void *object)
{
    struct record *record = object;

    strncat(record->text, &record->letter, 1);
}

static void allocations_are_zeroed_aligned_and_apart(void **state)
{
    struct pl_arena arena;
    unsigned char *previous = NULL;
    (void)state;

    pl_arena_init(&arena, 1 << 20);
    for (size_t bytes = 0; bytes < 3000; bytes += 7) {
        unsigned char *memory = pl_arena_alloc(&arena, bytes);
        assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
        assert_ptr_not_equal(memory, previous);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, bytes);
        previous = memory;
    }
    pl_arena_fini(&arena);
}

static void allocations_keep_their_bytes_while_others_come(void **state)
{
    struct pl_arena arena;
    unsigned *numbers[2000];
    (void)state;

    pl_arena_init(&arena, 0);
    for (unsigned i = 0; i < 2000; i++) {
        numbers[i] = pl_arena_alloc(&arena, sizeof(unsigned) + i * 3);
        *numbers[i] = i;
    }
    for (unsigned i = 0; i < 2000; i++)
        assert_int_equal(*numbers[i], i);
    pl_arena_fini(&arena);
}

static void reset_keeps_the_first_block_and_zeroes_again(void **state)
{
    struct pl_arena arena;
    (void)state;

    pl_arena_init(&arena, 1 << 20);
    unsigned char *first = pl_arena_alloc(&arena, 64);
    memset(first, 0xff, 64);
    (void)pl_arena_alloc(&arena, 100000);
    (void)pl_arena_alloc(&arena, 4000);
    pl_arena_reset(&arena);
    assert_int_equal(arena.used_bytes, 0);
    unsigned char *again = pl_arena_alloc(&arena, 64);
    assert_ptr_equal(again, first);
    assert_int_equal(again[0], 0);
    assert_int_equal(again[63], 0);
    pl_arena_fini(&arena);
}

static void reset_frees_a_big_first_allocation(void **state)
{
    struct pl_arena arena;
    (void)state;

    pl_arena_init(&arena, 1 << 20);
    (void)pl_arena_alloc(&arena, 100000);
    pl_arena_reset(&arena);
    assert_null(arena.blocks);
    (void)pl_arena_alloc(&arena, 8);
    pl_arena_fini(&arena);
}

static void try_alloc_refuses_past_the_bound(void **state)
{
    struct pl_arena arena;
    (void)state;

    pl_arena_init(&arena, 1024);
    assert_non_null(pl_arena_try_alloc(&arena, 1000));
    assert_null(pl_arena_try_alloc(&arena, 100));
    assert_null(pl_arena_try_alloc(&arena, SIZE_MAX));
    pl_arena_reset(&arena);
    assert_non_null(pl_arena_try_alloc(&arena, 1024));
    pl_arena_fini(&arena);
}

static void alloc_is_not_bounded(void **state)
{
    struct pl_arena arena;
    (void)state;

    pl_arena_init(&arena, 16);
    assert_non_null(pl_arena_alloc(&arena, 5000));
    assert_null(pl_arena_try_alloc(&arena, 1));
    pl_arena_fini(&arena);
}

static void copy_ends_with_nul(void **state)
{
    struct pl_arena arena;
    (void)state;

    pl_arena_init(&arena, 1 << 20);
    assert_string_equal(pl_arena_copy(&arena, "parley", 3), "par");
    assert_string_equal(pl_arena_copy(&arena, NULL, 0), "");
    pl_arena_fini(&arena);
}

static void printf_makes_texts_of_any_length(void **state)
{
    struct pl_arena arena;
    (void)state;

    pl_arena_init(&arena, 1 << 20);
    assert_string_equal(pl_arena_printf(&arena, "%s-%d", "a", 7), "a-7");
    assert_int_equal(strlen(pl_arena_printf(&arena, "%0255d", 1)), 255);
    assert_int_equal(strlen(pl_arena_printf(&arena, "%0256d", 1)), 256);
    assert_int_equal(strlen(pl_arena_printf(&arena, "%070000d", 1)), 70000);
    pl_arena_fini(&arena);
}

static void cleanups_run_once_newest_first(void **state)
{
    struct pl_arena arena;
    char text[8] = "";
    struct record records[] = {{text, 'a'}, {text, 'b'}, {text, 'c'}};
    (void)state;

    pl_arena_init(&arena, 1 << 20);
    pl_arena_defer(&arena, append_letter, &records[0]);
    pl_arena_defer(&arena, append_letter, &records[1]);
    pl_arena_reset(&arena);
    assert_string_equal(text, "ba");
    pl_arena_defer(&arena, append_letter, &records[2]);
    pl_arena_fini(&arena);
    assert_string_equal(text, "bac");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_zeroed_aligned_and_apart),
        cmocka_unit_test(allocations_keep_their_bytes_while_others_come),
        cmocka_unit_test(reset_keeps_the_first_block_and_zeroes_again),
        cmocka_unit_test(reset_frees_a_big_first_allocation),
        cmocka_unit_test(try_alloc_refuses_past_the_bound),
        cmocka_unit_test(alloc_is_not_bounded),
        cmocka_unit_test(copy_ends_with_nul),
        cmocka_unit_test(printf_makes_texts_of_any_length),
        cmocka_unit_test(cleanups_run_once_newest_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
