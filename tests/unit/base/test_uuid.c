/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UUIDs: text form, versions, and that ids of a process sort in the order of their making. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"

enum { THREADS = 4, IDS_EACH = 20000 };

static const char sample_text[] = "0190f5a2-7c3b-7def-8123-456789abcdef";

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct pl_uuid));
}

static int64_t milliseconds_of(const struct pl_uuid *uuid)
{
    int64_t ms = 0;

    for (unsigned i = 0; i < 6; i++)
        ms = ms << 8 | uuid->bytes[i];
    return ms;
}

static void v7_holds_time_version_and_variant(void **state)
{
    int64_t before_ms = pl_clock_wall_us() / 1000;
    struct pl_uuid uuid = pl_uuid_v7();
    int64_t after_ms = pl_clock_wall_us() / 1000;
    (void)state;

    assert_true(milliseconds_of(&uuid) >= before_ms && milliseconds_of(&uuid) <= after_ms);
    assert_int_equal(uuid.bytes[6] >> 4, 7);
    assert_int_equal(uuid.bytes[8] >> 6, 2);
}

static void later_v7_sorts_later(void **state)
{
    struct pl_uuid last = pl_uuid_v7();
    (void)state;

    for (unsigned i = 0; i < 50000; i++) {
        struct pl_uuid next = pl_uuid_v7();
        assert_true(compare(&last, &next) < 0);
        last = next;
    }
}

static void *make_ids(void *argument)
{
    struct pl_uuid *ids = argument;

    for (unsigned i = 0; i < IDS_EACH; i++)
        ids[i] = pl_uuid_v7();
    return NULL;
}

static void threads_make_different_ids_each_in_order(void **state)
{
    static struct pl_uuid ids[THREADS * IDS_EACH];
    pthread_t threads[THREADS];
    (void)state;

    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_ids, &ids[i * IDS_EACH]), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        for (unsigned j = 1; j < IDS_EACH; j++)
            assert_true(compare(&ids[i * IDS_EACH + j - 1], &ids[i * IDS_EACH + j]) < 0);
    }
    /* The stamps alone differ, without the help of the random bits. */
    qsort(ids, THREADS * IDS_EACH, sizeof(ids[0]), compare);
    for (unsigned i = 1; i < THREADS * IDS_EACH; i++)
        assert_memory_not_equal(ids[i - 1].bytes, ids[i].bytes, 8);
}

static void random_bits_differ(void **state)
{
    struct pl_uuid ids[100];
    (void)state;

    for (unsigned i = 0; i < 100; i++) {
        ids[i] = pl_uuid_v7();
        for (unsigned j = 0; j < i; j++)
            assert_memory_not_equal(ids[i].bytes + 8, ids[j].bytes + 8, 8);
    }
}

/* RFC 9562, appendix B.2. */
static void v8_keeps_the_digest(void **state)
{
    static const uint8_t digest[16] = {0x5c, 0x14, 0x6b, 0x14, 0x3c, 0x52, 0x4a, 0xfd,
                                       0x93, 0x8a, 0x37, 0x5d, 0x0d, 0xf1, 0xfb, 0xf6};
    struct pl_uuid uuid = pl_uuid_v8(digest);
    char text[PL_UUID_TEXT_CHARS + 1];
    (void)state;

    pl_uuid_format(&uuid, text);
    assert_string_equal(text, "5c146b14-3c52-8afd-938a-375d0df1fbf6");
}

static void text_round_trips_in_either_case(void **state)
{
    struct pl_uuid lower;
    struct pl_uuid upper;
    char text[PL_UUID_TEXT_CHARS + 1];
    (void)state;

    assert_int_equal(pl_uuid_parse(sample_text, &lower), PL_OK);
    assert_int_equal(pl_uuid_parse("0190F5A2-7C3B-7DEF-8123-456789ABCDEF", &upper), PL_OK);
    assert_true(pl_uuid_equal(&lower, &upper));
    assert_int_equal(lower.bytes[0], 0x01);
    assert_int_equal(lower.bytes[15], 0xef);
    pl_uuid_format(&lower, text);
    assert_string_equal(text, sample_text);
}

static void any_wrong_character_is_refused(void **state)
{
    static const char wrong[] = {'g', 'G', ' ', '-', '/', ':', '@', '`', '\x7f', '\xff', '\n'};
    struct pl_uuid uuid = {{0x42}};
    (void)state;

    for (unsigned i = 0; i < PL_UUID_TEXT_CHARS; i++) {
        for (unsigned j = 0; j < sizeof(wrong); j++) {
            char text[PL_UUID_TEXT_CHARS + 1];
            memcpy(text, sample_text, sizeof(text));
            text[i] = text[i] == '-' && wrong[j] == '-' ? 'a' : wrong[j];
            assert_int_equal(pl_uuid_parse(text, &uuid), PL_INVALID_ID);
        }
    }
    assert_int_equal(uuid.bytes[0], 0x42);
}

static void any_other_length_is_refused(void **state)
{
    struct pl_uuid uuid;
    (void)state;

    for (size_t bytes = 0; bytes < PL_UUID_TEXT_CHARS; bytes++) {
        /* On the heap, so that a read behind the end is seen. */
        char *text = strndup(sample_text, bytes);
        assert_int_equal(pl_uuid_parse(text, &uuid), PL_INVALID_ID);
        free(text);
    }
    assert_int_equal(pl_uuid_parse("0190f5a2-7c3b-7def-8123-456789abcdef0", &uuid), PL_INVALID_ID);
    assert_int_equal(pl_uuid_parse("{0190f5a2-7c3b-7def-8123-456789abcdef}", &uuid), PL_INVALID_ID);
}

static void only_all_zero_is_nil(void **state)
{
    struct pl_uuid uuid = {{0}};
    (void)state;

    assert_true(pl_uuid_is_nil(&uuid));
    uuid.bytes[15] = 1;
    assert_false(pl_uuid_is_nil(&uuid));
}

static void hash_is_stable_and_spreads_neighbours(void **state)
{
    unsigned buckets[16] = {0};
    struct pl_uuid sample;
    (void)state;

    assert_int_equal(pl_uuid_parse(sample_text, &sample), PL_OK);
    assert_true(pl_uuid_hash(&sample) == UINT64_C(0x17e68a70cd87185f));
    for (unsigned i = 0; i < 16000; i++) {
        struct pl_uuid uuid = pl_uuid_v7();
        buckets[pl_uuid_hash(&uuid) % 16]++;
    }
    for (unsigned i = 0; i < 16; i++)
        assert_in_range(buckets[i], 800, 1200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v7_holds_time_version_and_variant),
        cmocka_unit_test(later_v7_sorts_later),
        cmocka_unit_test(threads_make_different_ids_each_in_order),
        cmocka_unit_test(random_bits_differ),
        cmocka_unit_test(v8_keeps_the_digest),
        cmocka_unit_test(text_round_trips_in_either_case),
        cmocka_unit_test(any_wrong_character_is_refused),
        cmocka_unit_test(any_other_length_is_refused),
        cmocka_unit_test(only_all_zero_is_nil),
        cmocka_unit_test(hash_is_stable_and_spreads_neighbours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
