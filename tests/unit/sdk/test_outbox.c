/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Messages between parley_stream_send and the answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "sdk/c/src/outbox.h"

static void put(struct pl_outbox *outbox, uint64_t request_id)
{
    struct pl_outbox_item *item = calloc(1, sizeof *item);
    item->request_id = request_id;
    pl_outbox_put(outbox, item);
}

static void expect_fly(struct pl_outbox *outbox, uint64_t request_id)
{
    const struct pl_outbox_item *item = pl_outbox_fly(outbox);
    assert_non_null(item);
    assert_int_equal(item->request_id, request_id);
}

static void drain(struct pl_outbox *outbox)
{
    struct pl_outbox_item *item;
    while ((item = pl_outbox_drain(outbox)) != NULL)
        free(item);
}

static void items_fly_in_the_order_given(void **state)
{
    struct pl_outbox outbox;
    (void)state;
    pl_outbox_init(&outbox);
    put(&outbox, 1);
    put(&outbox, 2);
    expect_fly(&outbox, 1);
    expect_fly(&outbox, 2);
    assert_null(pl_outbox_fly(&outbox));
    assert_int_equal(outbox.flying_count, 2);
    drain(&outbox);
}

static void an_answer_takes_its_item_only_once(void **state)
{
    struct pl_outbox outbox;
    (void)state;
    pl_outbox_init(&outbox);
    put(&outbox, 1);
    assert_null(pl_outbox_take(&outbox, 1));
    expect_fly(&outbox, 1);
    free(pl_outbox_take(&outbox, 1));
    assert_null(pl_outbox_take(&outbox, 1));
    assert_int_equal(outbox.flying_count, 0);
}

static void a_new_session_restores_the_order(void **state)
{
    struct pl_outbox outbox;
    (void)state;
    pl_outbox_init(&outbox);
    for (uint64_t id = 1; id <= 4; id++)
        put(&outbox, id);
    for (uint64_t id = 1; id <= 3; id++)
        expect_fly(&outbox, id);
    free(pl_outbox_take(&outbox, 2));
    pl_outbox_begin_session(&outbox);
    assert_int_equal(outbox.flying_count, 0);
    expect_fly(&outbox, 1);
    expect_fly(&outbox, 3);
    expect_fly(&outbox, 4);
    drain(&outbox);
}

static void a_refused_item_waits_at_its_old_place(void **state)
{
    struct pl_outbox outbox;
    (void)state;
    pl_outbox_init(&outbox);
    for (uint64_t id = 1; id <= 4; id++)
        put(&outbox, id);
    for (uint64_t id = 1; id <= 3; id++)
        expect_fly(&outbox, id);
    pl_outbox_put_back(&outbox, 3);
    pl_outbox_put_back(&outbox, 1);
    pl_outbox_put_back(&outbox, 99);
    expect_fly(&outbox, 1);
    expect_fly(&outbox, 3);
    expect_fly(&outbox, 4);
    drain(&outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_fly_in_the_order_given),
        cmocka_unit_test(an_answer_takes_its_item_only_once),
        cmocka_unit_test(a_new_session_restores_the_order),
        cmocka_unit_test(a_refused_item_waits_at_its_old_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
