/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/gather.h"

#include <stdlib.h>

#include "support/cmocka.h"

enum { ITEMS_MAX = 400 };

static struct pl_task_list waiting;
static struct pl_append items[ITEMS_MAX];
static struct pl_slot slots[PL_BATCH_ITEMS_MAX];
static struct pl_arena arena;
static unsigned count;

static int set_up(void **state)
{
    (void)state;
    STAILQ_INIT(&waiting);
    pl_arena_init(&arena, SIZE_MAX);
    count = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_arena_fini(&arena);
    return 0;
}

static struct pl_chat_id chat(unsigned number)
{
    return (struct pl_chat_id){{{(uint8_t)(number >> 8), (uint8_t)number, 1}}};
}

static struct pl_append *add(unsigned chat_number, size_t bytes)
{
    struct pl_append *item = &items[count++];
    *item = (struct pl_append){.message = {.chat_id = chat(chat_number), .body_bytes = bytes}};
    item->message.message_id.uuid = pl_uuid_v7();
    STAILQ_INSERT_TAIL(&waiting, &item->task, next);
    return item;
}

static unsigned left(void)
{
    unsigned number = 0;
    struct pl_task *task;
    STAILQ_FOREACH (task, &waiting, next)
        number++;
    return number;
}

static void nothing_makes_no_batch(void **state)
{
    (void)state;
    assert_int_equal(pl_gather(&waiting, slots, &arena), 0);
}

static void a_batch_has_256_items_and_64_of_a_chat(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        add(1, 1);
    for (unsigned i = 0; i < 300; i++)
        add(100 + i, 1);
    assert_int_equal(pl_gather(&waiting, slots, &arena), 256);
    for (unsigned i = 0; i < 256; i++)
        assert_ptr_equal(slots[i].append, i < 64 ? &items[i] : &items[i + 36]);
    assert_int_equal(left(), ITEMS_MAX - 256);
    /* What stayed behind comes first the next time, in its order. */
    pl_arena_reset(&arena);
    assert_int_equal(pl_gather(&waiting, slots, &arena), ITEMS_MAX - 256);
    assert_ptr_equal(slots[0].append, &items[64]);
    assert_ptr_equal(slots[36].append, &items[292]);
}

static void bodies_of_a_batch_are_bounded_but_one_always_goes(void **state)
{
    (void)state;
    add(1, (size_t)5 << 20);
    add(2, (size_t)3 << 20);
    add(3, (size_t)2 << 20);
    add(4, 10);
    assert_int_equal(pl_gather(&waiting, slots, &arena), 1);
    assert_int_equal(pl_gather(&waiting, slots, &arena), 2);
    assert_ptr_equal(slots[0].append, &items[1]);
    assert_ptr_equal(slots[1].append, &items[3]);
}

/* Else a later message of the chat would overtake the one that stayed behind. */
static void second_sending_of_a_message_holds_its_chat_back(void **state)
{
    (void)state;
    struct pl_append *first = add(1, 1);
    struct pl_append *again = add(1, 1);
    struct pl_append *later = add(1, 1);
    struct pl_append *other = add(2, 1);
    again->message.message_id = first->message.message_id;
    other->message.message_id = first->message.message_id; /* in another chat: another message */
    assert_int_equal(pl_gather(&waiting, slots, &arena), 2);
    assert_ptr_equal(slots[0].append, first);
    assert_ptr_equal(slots[1].append, other);
    assert_int_equal(pl_gather(&waiting, slots, &arena), 2);
    assert_ptr_equal(slots[0].append, again);
    assert_ptr_equal(slots[1].append, later);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_makes_no_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_has_256_items_and_64_of_a_chat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bodies_of_a_batch_are_bounded_but_one_always_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(second_sending_of_a_message_holds_its_chat_back, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
