/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What a chat's record makes of entries that are published twice, out of order or never. */
#include "support/cmocka.h"

#include "delivery/entry.h"
#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CHAT = 3, ALICES = 1, BOBS = 2, BOBS_OTHER = 3 };

static struct pl_call *bob;

static int set_up(void **state)
{
    world_set_up(state);
    world->db.chats[CHAT].members = 1U << ALICE | 1U << BOB;
    world_say(CHAT, ALICE, ALICES, "first");
    bob = stream_start(BOB, BOBS);
    return 0;
}

static unsigned gap_reads(void)
{
    return world->db.queries[PL_STATEMENT_HUB_PAGE];
}

static void commit(int count)
{
    for (int i = 0; i < count; i++)
        fake_db_commit(&world->db, CHAT, ALICE, ALICES, "more");
}

static void publish(int64_t seq)
{
    fake_db_publish(&world->db, CHAT, seq, seq);
    world_settle();
}

static void live_entry_needs_no_read(void **state)
{
    (void)state;
    unsigned pages = world->db.queries[PL_STATEMENT_SESSION_PAGE];
    world_say(CHAT, ALICE, ALICES, "live");
    world_settle();
    assert_has(bob, CHAT, 2);
    assert_int_equal(world->db.queries[PL_STATEMENT_SESSION_PAGE], pages);
    assert_int_equal(gap_reads(), 0);
}

static void entry_published_twice_comes_once(void **state)
{
    (void)state;
    commit(2);
    publish(2);
    publish(2);
    publish(3);
    publish(2);
    assert_has(bob, CHAT, 3);
    world_say(CHAT, ALICE, ALICES, "next");
    world_pass_ms(100);
    assert_has(bob, CHAT, 4);
    assert_int_equal(gap_reads(), 0);
}

static void entry_parked_twice_takes_one_place(void **state)
{
    (void)state;
    commit(4);
    for (int i = 0; i < 300; i++)
        publish(4);
    publish(5);
    publish(3);
    publish(2);
    assert_has(bob, CHAT, 5);
    world_pass_ms(100);
    assert_int_equal(gap_reads(), 0);
}

static void entries_out_of_order_are_put_in_order(void **state)
{
    (void)state;
    commit(4);
    publish(4);
    publish(3);
    publish(5);
    publish(4);
    assert_has(bob, CHAT, 1);
    publish(2);
    assert_has(bob, CHAT, 5);
    world_pass_ms(100);
    assert_int_equal(gap_reads(), 0);
}

static void gap_is_read_once_for_all_after_20_ms(void **state)
{
    (void)state;
    struct pl_call *other = stream_start(BOB, BOBS_OTHER);
    commit(3);
    publish(3);
    publish(4);
    world_pass_ms(19);
    assert_int_equal(gap_reads(), 0);
    assert_has(bob, CHAT, 1);
    world_pass_ms(1);
    assert_int_equal(gap_reads(), 1);
    assert_has(bob, CHAT, 4);
    assert_has(other, CHAT, 4);
    world_pass_ms(1000);
    assert_int_equal(gap_reads(), 1);
}

static void what_comes_while_the_gap_is_read_comes_once(void **state)
{
    (void)state;
    commit(4);
    publish(3);
    fake_db_hold(&world->db, PL_STATEMENT_HUB_PAGE, HOLD_AFTER);
    world_pass_ms(20);
    publish(4);
    publish(2);
    publish(5);
    fake_db_release_all(&world->db);
    world_settle();
    assert_has(bob, CHAT, 5);
    world_pass_ms(1000);
    assert_int_equal(gap_reads(), 1);
}

static void parked_entries_are_bounded_and_the_rest_is_read(void **state)
{
    (void)state;
    commit(900);
    for (int64_t seq = 3; seq <= 901; seq++)
        fake_db_publish(&world->db, CHAT, seq, seq);
    world_settle();
    assert_has(bob, CHAT, 1);
    world_pass_ms(20);
    world_pass_ms(1000);
    assert_has(bob, CHAT, 901);
}

static void long_gap_is_read_page_behind_page(void **state)
{
    (void)state;
    commit(450);
    publish(451);
    world_pass_ms(20);
    assert_has(bob, CHAT, 451);
    assert_int_equal(gap_reads(), 5);
}

static void hint_without_entry_is_followed(void **state)
{
    (void)state;
    commit(2);
    fake_db_advanced(&world->db, CHAT, 3);
    world_settle();
    assert_has(bob, CHAT, 1);
    world_pass_ms(20);
    assert_has(bob, CHAT, 3);
    fake_db_advanced(&world->db, CHAT, 2);
    fake_db_advanced(&world->db, CHAT, 3);
    world_pass_ms(100);
    assert_int_equal(gap_reads(), 1);
}

static void failed_gap_read_is_repeated_but_not_in_a_hurry(void **state)
{
    (void)state;
    commit(2);
    world->db.refusals[PL_STATEMENT_HUB_PAGE] = PL_DATABASE_UNAVAILABLE;
    publish(3);
    for (int i = 0; i < 100; i++)
        world_pass_ms(20);
    assert_in_range(gap_reads(), 1, 4);
    world->db.refusals[PL_STATEMENT_HUB_PAGE] = PL_OK;
    world_pass_ms(1000);
    assert_has(bob, CHAT, 3);
}

static void session_that_read_further_than_the_tail_joins_ahead(void **state)
{
    (void)state;
    commit(2);
    struct pl_call *other = stream_start(BOB, BOBS_OTHER);
    assert_true(other->caught_up);
    assert_has(other, CHAT, 3);
    assert_has(bob, CHAT, 1);
    publish(2);
    publish(3);
    assert_has(bob, CHAT, 3);
    assert_has(other, CHAT, 3);
    world_say(CHAT, ALICE, ALICES, "next");
    world_settle();
    assert_has(bob, CHAT, 4);
    assert_has(other, CHAT, 4);
}

static void session_ahead_of_a_lost_entry_heals_the_others(void **state)
{
    (void)state;
    commit(2);
    struct pl_call *other = stream_start(BOB, BOBS_OTHER);
    world_pass_ms(20);
    assert_has(bob, CHAT, 3);
    assert_has(other, CHAT, 3);
    assert_int_equal(gap_reads(), 1);
}

static void chat_nobody_follows_any_more_may_jump(void **state)
{
    (void)state;
    commit(3);
    publish(3);
    stream_close(bob);
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_PAGE, HOLD_BEFORE);
    struct pl_call *again = stream_start(BOB, BOBS);
    publish(2);
    publish(4);
    fake_db_release_all(&world->db);
    world_settle();
    assert_has(again, CHAT, 4);
}

static void gap_read_outlives_the_last_session(void **state)
{
    (void)state;
    commit(2);
    publish(3);
    fake_db_hold(&world->db, PL_STATEMENT_HUB_PAGE, HOLD_AFTER);
    world_pass_ms(20);
    stream_close(bob);
    world_settle();
    struct pl_call *again = stream_start(BOB, BOBS);
    assert_has(again, CHAT, 3);
    fake_db_release_all(&world->db);
    world_settle();
    world_say(CHAT, ALICE, ALICES, "next");
    world_settle();
    assert_has(again, CHAT, 4);
}

static void entry_of_a_chat_without_sessions_is_dropped(void **state)
{
    (void)state;
    world->db.chats[5].members = 1U << ALICE;
    world_say(5, ALICE, ALICES, "alone");
    fake_db_advanced(&world->db, 5, 1);
    fake_db_marked(&world->db, 5, ALICE, 1, 1);
    world_settle();
    assert_int_equal(pl_metrics_get(&world->server.metrics, PL_METRIC_hub_chats), 1);
}

/* ---- what an entry is to whom ---- */

static void sending_device_gets_its_entry_without_body(void **state)
{
    (void)state;
    struct pl_call *alice = stream_start(ALICE, ALICES);
    struct pl_call *tablet = stream_start(ALICE, 4);
    world_say(CHAT, ALICE, ALICES, "mine");
    world_settle();
    assert_has(alice, CHAT, 2);
    assert_int_equal(alice->seen[1].body_case, PARLEY__V1__MESSAGE__BODY__NOT_SET);
    assert_int_equal(tablet->seen[1].body_case, PARLEY__V1__MESSAGE__BODY_CONTENT);
    assert_int_equal(bob->seen[1].body_case, PARLEY__V1__MESSAGE__BODY_CONTENT);
    const Parley__V1__Message *entry = stream_last(bob)->entries[0];
    assert_string_equal(entry->content, "mine");
    assert_int_equal(entry->seq, 2);
    assert_non_null(entry->timestamp);
    assert_int_not_equal(entry->prev_message_id[0], '\0');
}

static void say_in_parts(void)
{
    char ids[2][PL_UUID_TEXT_CHARS + 1];
    Parley__V1__DevicePart parts[2], *list[] = {&parts[0], &parts[1]};
    Parley__V1__DeviceParts all = PARLEY__V1__DEVICE_PARTS__INIT;
    uint8_t contents[] = {40, 41};
    uint8_t packed[256];
    for (int i = 0; i < 2; i++) {
        struct pl_device_id device = device_id(BOBS + i);
        pl_uuid_format(&device.uuid, ids[i]);
        parley__v1__device_part__init(&parts[i]);
        parts[i].device_id = ids[i];
        parts[i].encrypted_content = (ProtobufCBinaryData){1, &contents[i]};
    }
    all.n_parts = 2;
    all.parts = list;
    size_t bytes = parley__v1__device_parts__pack(&all, packed);
    int64_t seq = fake_db_commit_message(&world->db, CHAT,
                                         &(struct pl_message){.sender_id = user_id(ALICE),
                                                              .sender_device_id = device_id(ALICES),
                                                              .body_kind = PL_BODY_DEVICE_PARTS,
                                                              .body = packed,
                                                              .body_bytes = bytes});
    fake_db_publish(&world->db, CHAT, seq, seq);
    world_settle();
}

static void device_gets_only_its_own_part(void **state)
{
    (void)state;
    struct pl_call *other = stream_start(BOB, BOBS_OTHER);
    struct pl_call *third = stream_start(BOB, 5);
    struct pl_call *alice = stream_start(ALICE, ALICES);
    say_in_parts();
    const Parley__V1__Message *entry = stream_last(bob)->entries[0];
    assert_int_equal(entry->device_parts->n_parts, 1);
    assert_int_equal(entry->device_parts->parts[0]->encrypted_content.data[0], 40);
    entry = stream_last(other)->entries[0];
    assert_int_equal(entry->device_parts->n_parts, 1);
    assert_int_equal(entry->device_parts->parts[0]->encrypted_content.data[0], 41);
    entry = stream_last(third)->entries[0];
    assert_int_equal(entry->body_case, PARLEY__V1__MESSAGE__BODY_DEVICE_PARTS);
    assert_int_equal(entry->device_parts->n_parts, 0);
    assert_int_equal(stream_last(alice)->entries[0]->body_case, PARLEY__V1__MESSAGE__BODY__NOT_SET);
}

static void metadata_and_ids_arrive(void **state)
{
    (void)state;
    static const uint8_t metadata[] = {0x62, 6, 0x0a, 1, 'k', 0x12, 1, 'v'};
    int64_t seq = fake_db_commit_message(&world->db, CHAT,
                                         &(struct pl_message){.sender_id = user_id(ALICE),
                                                              .recipient_id = user_id(BOB),
                                                              .message_type = 2,
                                                              .media_id = {id_of('m', 1)},
                                                              .reply_to_message_id = {id_of('r', 1)},
                                                              .metadata = metadata,
                                                              .metadata_bytes = sizeof(metadata),
                                                              .body_kind = PL_BODY_ENCRYPTED,
                                                              .body = "\0\1",
                                                              .body_bytes = 2});
    fake_db_publish(&world->db, CHAT, seq, seq);
    world_settle();
    const Parley__V1__Message *entry = stream_last(bob)->entries[0];
    assert_int_equal(entry->n_metadata, 1);
    assert_string_equal(entry->metadata[0]->key, "k");
    assert_string_equal(entry->metadata[0]->value, "v");
    assert_int_equal(entry->encrypted_content.len, 2);
    assert_memory_equal(entry->encrypted_content.data, "\0\1", 2);
    assert_string_equal(entry->sender_device_id, "");
    assert_string_equal(entry->recipient_id, "75000000-0000-7000-8000-000000000002");
    assert_string_equal(entry->media_id, "6d000000-0000-7000-8000-000000000001");
    assert_string_equal(entry->reply_to_message_id, "72000000-0000-7000-8000-000000000001");
    assert_int_equal(entry->message_type, PARLEY__V1__MESSAGE_TYPE__MESSAGE_TYPE_IMAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(live_entry_needs_no_read),
        TEST(entry_published_twice_comes_once),
        TEST(entry_parked_twice_takes_one_place),
        TEST(entries_out_of_order_are_put_in_order),
        TEST(gap_is_read_once_for_all_after_20_ms),
        TEST(what_comes_while_the_gap_is_read_comes_once),
        TEST(parked_entries_are_bounded_and_the_rest_is_read),
        TEST(long_gap_is_read_page_behind_page),
        TEST(hint_without_entry_is_followed),
        TEST(failed_gap_read_is_repeated_but_not_in_a_hurry),
        TEST(session_that_read_further_than_the_tail_joins_ahead),
        TEST(session_ahead_of_a_lost_entry_heals_the_others),
        TEST(chat_nobody_follows_any_more_may_jump),
        TEST(gap_read_outlives_the_last_session),
        TEST(entry_of_a_chat_without_sessions_is_dropped),
        TEST(sending_device_gets_its_entry_without_body),
        TEST(device_gets_only_its_own_part),
        TEST(metadata_and_ids_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
