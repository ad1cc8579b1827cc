/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How far a message has come, from rows of watermarks. */
#include <endian.h>
#include <libpq-fe.h>
#include <string.h>

#include "support/cmocka.h"

#include "messages/status.h"

#define ALICE "a1000000-0000-7000-8000-000000000001"
#define FOR_EVER INT64_MAX

struct watermark {
    uint8_t user; /* first byte of the id */
    int64_t joined, left, delivered, read;
};

static void put_int(PGresult *result, int row, int column, int64_t value)
{
    uint64_t big = htobe64((uint64_t)value);
    assert_true(PQsetvalue(result, row, column, (char *)&big, sizeof(big)));
}

static PGresult *rows_of(const struct watermark *watermarks, int count)
{
    static char name[] = "column";
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc names[5];
    memset(names, 0, sizeof(names));
    for (int i = 0; i < 5; i++)
        names[i] = (PGresAttDesc){.name = name, .format = 1};
    assert_true(PQsetResultAttrs(result, 5, names));
    for (int row = 0; row < count; row++) {
        struct pl_uuid user = {{watermarks[row].user, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}};
        assert_true(PQsetvalue(result, row, 0, (char *)user.bytes, sizeof(user.bytes)));
        put_int(result, row, 1, watermarks[row].joined);
        put_int(result, row, 2, watermarks[row].left);
        put_int(result, row, 3, watermarks[row].delivered);
        put_int(result, row, 4, watermarks[row].read);
    }
    return result;
}

/* Of alice's message with seq 10. */
static Parley__V1__Message status_of(const struct watermark *watermarks, int count)
{
    struct pl_rows rows = {rows_of(watermarks, count)};
    Parley__V1__Message message = PARLEY__V1__MESSAGE__INIT;
    message.sender_id = (char *)ALICE;
    message.seq = 10;
    pl_message_put_status(&message, &rows);
    pl_rows_clear(&rows);
    return message;
}

#define SENT PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_SENT
#define DELIVERED PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_DELIVERED
#define READ PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_READ

static void individual_chat_follows_the_other(void **state)
{
    (void)state;
    struct watermark two[] = {{0xa1, 0, FOR_EVER, 99, 99}, {0xb0, 0, FOR_EVER, 9, 9}};
    assert_int_equal(status_of(two, 2).status, SENT);
    two[1].delivered = 10;
    assert_int_equal(status_of(two, 2).status, DELIVERED);
    two[1].read = 10;
    Parley__V1__Message message = status_of(two, 2);
    assert_int_equal(message.status, READ);
    assert_int_equal(message.recipient_count, 1);
    assert_int_equal(message.delivered_count, 1);
    assert_int_equal(message.read_count, 1);
}

static void group_is_delivered_from_half_of_the_others_rounded_up(void **state)
{
    (void)state;
    /* Of others 1, 2, 3, 4, 5: how many make it delivered. */
    static const int needed[] = {0, 1, 1, 2, 2, 3};
    for (int others = 1; others <= 5; others++) {
        for (int have = 0; have <= others; have++) {
            struct watermark rows[6] = {{0xa1, 0, FOR_EVER, 99, 99}};
            for (int i = 1; i <= others; i++)
                rows[i] = (struct watermark){(uint8_t)(0xb0 + i), 0, FOR_EVER, i <= have ? 10 : 9, 0};
            Parley__V1__Message message = status_of(rows, others + 1);
            assert_int_equal(message.status, have >= needed[others] ? DELIVERED : SENT);
            assert_int_equal(message.delivered_count, have);
            assert_int_equal(message.recipient_count, others);
        }
    }
}

static void group_is_read_when_all_others_have_read(void **state)
{
    (void)state;
    struct watermark rows[] = {{0xa1, 0, FOR_EVER, 0, 0},
                               {0xb1, 0, FOR_EVER, 10, 10},
                               {0xb2, 0, FOR_EVER, 12, 12},
                               {0xb3, 0, FOR_EVER, 10, 9}};
    assert_int_equal(status_of(rows, 4).status, DELIVERED);
    rows[3].read = 10;
    assert_int_equal(status_of(rows, 4).status, READ);
}

static void only_members_at_that_time_count(void **state)
{
    (void)state;
    struct watermark rows[] = {{0xa1, 0, FOR_EVER, 0, 0},
                               {0xb1, 0, FOR_EVER, 10, 10},
                               {0xb2, 11, FOR_EVER, 0, 0}, /* came later */
                               {0xb3, 0, 9, 0, 0},         /* had left */
                               {0xb4, 10, 10, 10, 10}};    /* came and left with it */
    Parley__V1__Message message = status_of(rows, 5);
    assert_int_equal(message.recipient_count, 2);
    assert_int_equal(message.status, READ);
}

static void message_to_nobody_stays_sent(void **state)
{
    (void)state;
    struct watermark rows[] = {{0xa1, 0, FOR_EVER, 99, 99}};
    assert_int_equal(status_of(rows, 1).status, SENT);
    assert_int_equal(status_of(rows, 0).status, SENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(individual_chat_follows_the_other),
        cmocka_unit_test(group_is_delivered_from_half_of_the_others_rounded_up),
        cmocka_unit_test(group_is_read_when_all_others_have_read),
        cmocka_unit_test(only_members_at_that_time_count),
        cmocka_unit_test(message_to_nobody_stays_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
