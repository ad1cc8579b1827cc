/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Read marks on their way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdk/c/src/reads.h"

static const struct pl_chat_id chat_a = {.uuid.bytes = {1}};

static void put(struct pl_reads *reads, int64_t seq)
{
    const struct pl_cursor mark = {.chat_id = chat_a, .seq = seq};
    pl_reads_put(reads, &mark);
}

static void done(struct pl_reads *reads, int64_t seq)
{
    const struct pl_cursor mark = {.chat_id = chat_a, .seq = seq};
    pl_reads_done(reads, &mark);
}

static void only_the_highest_mark_counts(void **state)
{
    struct pl_reads reads;
    struct pl_cursor mark;
    (void)state;
    pl_reads_init(&reads);
    put(&reads, 5);
    put(&reads, 3);
    put(&reads, 7);
    assert_int_equal(pl_reads_take(&reads, 1, &mark, 1), 1);
    assert_int_equal(mark.seq, 7);
    assert_int_equal(pl_reads_take(&reads, 1, &mark, 1), 0);
    done(&reads, 7);
    assert_int_equal(pl_reads_next_due_us(&reads), INT64_MAX);
    pl_reads_fini(&reads);
}

static void a_mark_is_repeated_until_it_is_stored(void **state)
{
    struct pl_reads reads;
    struct pl_cursor mark;
    (void)state;
    pl_reads_init(&reads);
    put(&reads, 5);
    assert_int_equal(pl_reads_take(&reads, 1, &mark, 1), 1);
    assert_int_equal(pl_reads_take(&reads, PL_READS_REPEAT_US, &mark, 1), 0);
    assert_int_equal(pl_reads_take(&reads, 1 + PL_READS_REPEAT_US, &mark, 1), 1);
    pl_reads_begin_session(&reads);
    assert_int_equal(pl_reads_take(&reads, 2 + PL_READS_REPEAT_US, &mark, 1), 1);
    done(&reads, 4);
    pl_reads_begin_session(&reads);
    assert_int_equal(pl_reads_take(&reads, 3, &mark, 1), 1);
    pl_reads_fini(&reads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_highest_mark_counts),
        cmocka_unit_test(a_mark_is_repeated_until_it_is_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
