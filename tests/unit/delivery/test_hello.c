/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* From hello to caught_up: what is told in which order, and entries that are committed at every moment in between. */
#include <string.h>

#include "support/cmocka.h"

#include "delivery/session.h"
#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CHAT = 3, OTHER_CHAT = 4, ALICES = 1, BOBS = 2 };

static int set_up(void **state)
{
    world_set_up(state);
    world->db.chats[CHAT].members = 1U << ALICE | 1U << BOB;
    return 0;
}

static void welcome_comes_first_and_caught_up_behind_the_last_entry(void **state)
{
    (void)state;
    for (int i = 0; i < 250; i++)
        fake_db_commit(&world->db, CHAT, ALICE, ALICES, "hi");
    struct pl_call *bob = stream_start(BOB, BOBS);
    assert_non_null(bob->frames[0]->welcome);
    assert_int_equal(bob->frames[0]->welcome->protocol_version, 1);
    assert_has(bob, CHAT, 250);
    assert_true(bob->caught_up);
    assert_int_equal(bob->seen_at_caught_up, 250);
    for (unsigned i = 1; i < bob->frame_count; i++)
        assert_null(bob->frames[i]->welcome);
}

/* In a frame before the first entry that comes with a gap; what is no message still comes. */
static void where_the_log_begins_is_told_before_what_is_left_of_it(void **state)
{
    (void)state;
    for (int i = 0; i < 250; i++)
        fake_db_commit(&world->db, CHAT, ALICE, ALICES, "hi");
    world->db.chats[CHAT].first_seq = 201;
    world->db.chats[CHAT].entries[6].message.entry_kind = PL_ENTRY_SETTINGS;
    struct pl_call *bob = stream_start(BOB, BOBS);
    unsigned told = 0;
    while (bob->frames[told]->n_log_starts == 0)
        assert_int_equal(bob->frames[told++]->n_entries, 0);
    assert_int_equal(bob->frames[told]->n_log_starts, 1);
    assert_int_equal(bob->frames[told]->log_starts[0]->first_seq, 201);
    assert_int_equal(bob->frames[told]->n_entries, 0);
    assert_int_equal(bob->seen[0].seq, 7);
    assert_int_equal(bob->seen[1].seq, 201);
    assert_int_equal(bob->seen_count, 51);
    assert_true(bob->caught_up);
    stream_ack(bob, CHAT, 250);
    assert_int_equal(world_say(CHAT, ALICE, ALICES, "more"), 251);
    world_settle();
    assert_int_equal(bob->seen[51].seq, 251);
    assert_false(bob->is_disordered);
    for (unsigned i = told + 1; i < bob->frame_count; i++)
        assert_int_equal(bob->frames[i]->n_log_starts, 0);
}

/* Then there is nothing else to tell of it. */
static void a_log_may_be_gone_altogether(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        fake_db_commit(&world->db, CHAT, ALICE, ALICES, "hi");
    world->db.chats[CHAT].first_seq = 6;
    struct pl_call *bob = stream_start(BOB, BOBS);
    assert_int_equal(bob->first_seq[CHAT], 6);
    assert_int_equal(bob->seen_count, 0);
    assert_true(bob->caught_up);
    world_say(CHAT, ALICE, ALICES, "more");
    world_settle();
    assert_int_equal(bob->seen[0].seq, 6);
    assert_false(bob->is_disordered);
}

static void user_without_chats_is_caught_up(void **state)
{
    (void)state;
    struct pl_call *stream = stream_start(5, 5);
    assert_true(stream->caught_up);
}

static void nothing_is_told_before_welcome(void **state)
{
    (void)state;
    struct pl_call *bob = stream_open(BOB, BOBS);
    Parley__V1__Hello hello = PARLEY__V1__HELLO__INIT;
    Parley__V1__Send send = PARLEY__V1__SEND__INIT, *sends[] = {&send};
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    hello.protocol_version = 1;
    frame.hello = &hello;
    frame.n_sends = 1;
    frame.sends = sends;
    stream_receive(bob, &frame);
    world_turn(BOBS % LOOPS);
    world_settle();
    assert_non_null(bob->frames[0]->welcome);
    assert_int_equal(stream_faileds(bob), 1);
}

static void caught_up_waits_for_every_chat(void **state)
{
    (void)state;
    world->db.chats[OTHER_CHAT].members = 1U << BOB;
    fake_db_commit(&world->db, OTHER_CHAT, BOB, 9, "hi");
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_PAGE, HOLD_BEFORE);
    struct pl_call *bob = stream_start(BOB, BOBS);
    assert_false(bob->caught_up);
    fake_db_release_all(&world->db);
    world_settle();
    assert_true(bob->caught_up);
    assert_int_equal(bob->seen_at_caught_up, 1);
}

/* One page that is more than one frame. */
static void caught_up_waits_for_the_frame_with_the_last_entry(void **state)
{
    (void)state;
    enum { ENTRIES = 97, BODY_BYTES = 2700 };
    static char body[BODY_BYTES + 1];
    memset(body, 'x', BODY_BYTES);
    for (int i = 0; i < ENTRIES; i++)
        fake_db_commit(&world->db, CHAT, ALICE, ALICES, body);
    struct pl_call *bob = stream_open(BOB, BOBS);
    bob->is_slow = true;
    stream_hello(bob);
    world_settle();
    stream_written(bob); /* welcome */
    world_settle();
    assert_in_range(bob->seen_count, 1, ENTRIES - 1);
    assert_false(bob->caught_up);
    stream_written(bob);
    world_settle();
    assert_true(bob->caught_up);
    assert_has(bob, CHAT, ENTRIES);
}

/* Committed and published while this statement is on its way. */
static void commit_during(enum pl_statement statement, enum fake_hold hold)
{
    fake_db_commit(&world->db, CHAT, ALICE, ALICES, "before");
    fake_db_hold(&world->db, statement, hold);
    struct pl_call *bob = stream_start(BOB, BOBS);
    assert_false(bob->caught_up);
    world_say(CHAT, ALICE, ALICES, "during");
    world_settle();
    fake_db_release_all(&world->db);
    world_settle();
    assert_true(bob->caught_up);
    assert_has(bob, CHAT, 2);
    world_say(CHAT, ALICE, ALICES, "after");
    world_settle();
    assert_has(bob, CHAT, 3);
}

static void entry_before_the_list_of_chats_comes_once(void **state)
{
    (void)state;
    commit_during(PL_STATEMENT_SESSION_CHATS, HOLD_AFTER);
}

static void entry_between_attach_and_head_comes_once(void **state)
{
    (void)state;
    commit_during(PL_STATEMENT_SESSION_HEADS, HOLD_BEFORE);
}

static void entry_between_head_and_join_comes_once(void **state)
{
    (void)state;
    commit_during(PL_STATEMENT_SESSION_HEADS, HOLD_AFTER);
}

static void entry_before_the_page_comes_once(void **state)
{
    (void)state;
    commit_during(PL_STATEMENT_SESSION_PAGE, HOLD_BEFORE);
}

static void entry_between_page_and_join_comes_once(void **state)
{
    (void)state;
    commit_during(PL_STATEMENT_SESSION_PAGE, HOLD_AFTER);
}

/* ---- what hello says ---- */

static void hello_with(struct pl_call *stream, const char *epoch, Parley__V1__Cursor **cursors, size_t count)
{
    Parley__V1__Hello hello = PARLEY__V1__HELLO__INIT;
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    hello.protocol_version = 1;
    hello.epoch = (char *)(uintptr_t)epoch;
    hello.cursors = cursors;
    hello.n_cursors = count;
    frame.hello = &hello;
    stream_receive(stream, &frame);
    world_settle();
}

static struct pl_call *start_with_cursor(const char *epoch, int64_t seq)
{
    static char chat[PL_UUID_TEXT_CHARS + 1];
    struct pl_chat_id id = chat_id(CHAT);
    Parley__V1__Cursor cursor = PARLEY__V1__CURSOR__INIT, *cursors[] = {&cursor};
    for (int i = 0; i < 5; i++)
        fake_db_commit(&world->db, CHAT, ALICE, ALICES, "hi");
    pl_uuid_format(&id.uuid, chat);
    cursor.chat_id = chat;
    cursor.seq = seq;
    struct pl_call *bob = stream_open(BOB, BOBS);
    hello_with(bob, epoch, cursors, 1);
    return bob;
}

static const char *our_epoch(void)
{
    static char text[PL_UUID_TEXT_CHARS + 1];
    pl_uuid_format(&world->db.epoch, text);
    return text;
}

static void cursor_of_hello_is_not_sent_again_and_counts_as_acknowledged(void **state)
{
    (void)state;
    struct pl_call *bob = start_with_cursor(our_epoch(), 3);
    assert_int_equal(bob->seen_count, 2);
    assert_int_equal(bob->seen[0].seq, 4);
    assert_int_equal(world->db.chats[CHAT].cursors[BOBS], 3);
}

static void cursor_of_hello_beyond_the_log_is_the_end_of_the_log(void **state)
{
    (void)state;
    struct pl_call *bob = start_with_cursor(our_epoch(), 99);
    assert_true(bob->caught_up);
    assert_int_equal(world->db.chats[CHAT].cursors[BOBS], 5);
    world_say(CHAT, ALICE, ALICES, "next");
    world_settle();
    assert_int_equal(bob->seen_count, 1);
    assert_int_equal(bob->seen[0].seq, 6);
}

static void cursors_of_unknown_chats_are_not_kept(void **state)
{
    (void)state;
    world->db.chats[CHAT].members = 1U << ALICE;
    struct pl_call *bob = start_with_cursor(our_epoch(), 3);
    const struct pl_session *session = bob->owner;
    assert_true(bob->caught_up);
    assert_null(session->early_cursors);
}

static void cursor_of_another_epoch_is_ignored(void **state)
{
    (void)state;
    struct pl_call *bob = start_with_cursor("e0000000-0000-7000-8000-000000000099", 3);
    assert_has(bob, CHAT, 5);
    assert_int_equal(world->db.chats[CHAT].cursors[BOBS], 0);
}

static void stored_cursor_beyond_the_log_is_clamped(void **state)
{
    (void)state;
    world->db.chats[CHAT].cursors[BOBS] = 7;
    struct pl_call *bob = stream_start(BOB, BOBS);
    assert_true(bob->caught_up);
    bob->have[CHAT] = 0;
    world_say(CHAT, ALICE, ALICES, "first");
    world_settle();
    assert_has(bob, CHAT, 1);
}

static void refused(struct pl_call *stream)
{
    assert_failed(stream, PL_INVALID_ARGUMENT);
    assert_int_equal(stream->frame_count, 0);
}

static void bad_cursors_are_refused(void **state)
{
    (void)state;
    enum { TOO_MANY = 10001 };
    static Parley__V1__Cursor one = PARLEY__V1__CURSOR__INIT, many[TOO_MANY], *list[TOO_MANY];
    static char ids[TOO_MANY][PL_UUID_TEXT_CHARS + 1];
    for (int i = 0; i < TOO_MANY; i++) {
        struct pl_uuid id = pl_uuid_v7();
        pl_uuid_format(&id, ids[i]);
        many[i] = one;
        many[i].chat_id = ids[i];
        list[i] = &many[i];
    }
    struct pl_call *most = stream_open(BOB, BOBS);
    hello_with(most, our_epoch(), list, TOO_MANY - 1);
    assert_false(most->is_failed);
    struct pl_call *too_many = stream_open(BOB, 3);
    hello_with(too_many, our_epoch(), list, TOO_MANY);
    refused(too_many);
    struct pl_call *twice = stream_open(BOB, 4);
    list[1] = list[0];
    hello_with(twice, our_epoch(), list, 2);
    refused(twice);
    struct pl_call *negative = stream_open(BOB, 5);
    many[0].seq = -1;
    hello_with(negative, our_epoch(), list, 1);
    refused(negative);
    struct pl_call *no_id = stream_open(BOB, 6);
    many[0].seq = 1;
    many[0].chat_id = (char *)"chat";
    hello_with(no_id, our_epoch(), list, 1);
    refused(no_id);
}

static void wrong_version_is_refused(void **state)
{
    (void)state;
    struct pl_call *bob = stream_open(BOB, BOBS);
    Parley__V1__Hello hello = PARLEY__V1__HELLO__INIT;
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    hello.protocol_version = 2;
    frame.hello = &hello;
    stream_receive(bob, &frame);
    refused(bob);
}

static void long_client_name_is_refused(void **state)
{
    (void)state;
    struct pl_call *bob = stream_open(BOB, BOBS);
    Parley__V1__Hello hello = PARLEY__V1__HELLO__INIT;
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    char name[130];
    memset(name, 'x', sizeof(name));
    name[129] = '\0';
    hello.protocol_version = 1;
    hello.client = name;
    frame.hello = &hello;
    stream_receive(bob, &frame);
    refused(bob);
}

static void missing_hello_is_refused(void **state)
{
    (void)state;
    struct pl_call *bob = stream_open(BOB, BOBS);
    stream_ack(bob, CHAT, 0);
    refused(bob);
}

static void second_hello_is_refused(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    stream_hello(bob);
    assert_failed(bob, PL_INVALID_ARGUMENT);
}

static void second_hello_while_registering_is_refused(void **state)
{
    (void)state;
    struct pl_call *bob = stream_open(BOB, BOBS);
    stream_hello(bob);
    stream_hello(bob);
    refused(bob);
    world_settle();
}

static void silence_ends_after_10_s(void **state)
{
    (void)state;
    struct pl_call *bob = stream_open(BOB, BOBS);
    world_pass_ms(9999);
    assert_false(bob->is_failed);
    world_pass_ms(1);
    assert_failed(bob, PL_DEADLINE_EXCEEDED);
}

static void late_hello_does_not_pass_for_an_expired_token(void **state)
{
    (void)state;
    struct pl_call *bob = stream_open(BOB, BOBS);
    world_pass_ms(9999);
    stream_hello(bob);
    world_wait_ms(1);
    world_turn(BOBS % LOOPS);
    world_settle();
    assert_null(stream_going_away(bob));
    assert_true(bob->caught_up);
}

/* ---- chats that come while it runs ---- */

static void joined_chat_is_followed(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    world->db.chats[OTHER_CHAT].members = 1U << ALICE | 1U << BOB;
    world->db.listener.joined(world->db.listener.context, user_id(BOB), chat_id(OTHER_CHAT));
    world_say(OTHER_CHAT, ALICE, ALICES, "hi");
    world_settle();
    assert_has(bob, OTHER_CHAT, 1);
    world_say(OTHER_CHAT, ALICE, ALICES, "there");
    world_settle();
    assert_has(bob, OTHER_CHAT, 2);
}

static void joined_chat_during_hello_is_followed_once(void **state)
{
    (void)state;
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_CHATS, HOLD_BEFORE);
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_PAGE, HOLD_BEFORE);
    struct pl_call *bob = stream_start(BOB, BOBS);
    world->db.chats[OTHER_CHAT].members = 1U << ALICE | 1U << BOB;
    world->db.listener.joined(world->db.listener.context, user_id(BOB), chat_id(OTHER_CHAT));
    world_say(OTHER_CHAT, ALICE, ALICES, "hi");
    world_settle();
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_CHATS, HOLD_NOTHING);
    world_settle();
    assert_false(bob->caught_up); /* the list named it, so hello waits for it */
    fake_db_release_all(&world->db);
    world_settle();
    assert_true(bob->caught_up);
    assert_has(bob, OTHER_CHAT, 1);
}

static void joined_chat_without_membership_is_forgotten(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    world->db.listener.joined(world->db.listener.context, user_id(BOB), chat_id(OTHER_CHAT));
    world_settle();
    assert_int_equal(pl_metrics_get(&world->server.metrics, PL_METRIC_hub_chats), 1);
    world->db.chats[OTHER_CHAT].members = 1U << BOB;
    world->db.listener.joined(world->db.listener.context, user_id(BOB), chat_id(OTHER_CHAT));
    world_say(OTHER_CHAT, ALICE, ALICES, "hi");
    world_settle();
    assert_has(bob, OTHER_CHAT, 1);
}

static void failed_read_ends_the_stream_and_asks_to_come_back(void **state)
{
    (void)state;
    static const enum pl_statement statements[] = {PL_STATEMENT_SESSION_CHATS, PL_STATEMENT_SESSION_HEADS,
                                                   PL_STATEMENT_SESSION_PAGE};
    fake_db_commit(&world->db, CHAT, ALICE, ALICES, "hi");
    for (unsigned i = 0; i < 3; i++) {
        world->db.refusals[statements[i]] = PL_DATABASE_UNAVAILABLE;
        struct pl_call *bob = stream_start(BOB, 3 + (int)i);
        assert_failed(bob, PL_DATABASE_UNAVAILABLE);
        assert_true(stream_going_away(bob)->reconnect_after_ms > 0);
        world->db.refusals[statements[i]] = PL_OK;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(welcome_comes_first_and_caught_up_behind_the_last_entry),
        TEST(where_the_log_begins_is_told_before_what_is_left_of_it),
        TEST(a_log_may_be_gone_altogether),
        TEST(user_without_chats_is_caught_up),
        TEST(nothing_is_told_before_welcome),
        TEST(caught_up_waits_for_every_chat),
        TEST(caught_up_waits_for_the_frame_with_the_last_entry),
        TEST(entry_before_the_list_of_chats_comes_once),
        TEST(entry_between_attach_and_head_comes_once),
        TEST(entry_between_head_and_join_comes_once),
        TEST(entry_before_the_page_comes_once),
        TEST(entry_between_page_and_join_comes_once),
        TEST(cursor_of_hello_is_not_sent_again_and_counts_as_acknowledged),
        TEST(cursor_of_hello_beyond_the_log_is_the_end_of_the_log),
        TEST(cursors_of_unknown_chats_are_not_kept),
        TEST(cursor_of_another_epoch_is_ignored),
        TEST(stored_cursor_beyond_the_log_is_clamped),
        TEST(bad_cursors_are_refused),
        TEST(wrong_version_is_refused),
        TEST(long_client_name_is_refused),
        TEST(missing_hello_is_refused),
        TEST(second_hello_is_refused),
        TEST(second_hello_while_registering_is_refused),
        TEST(silence_ends_after_10_s),
        TEST(late_hello_does_not_pass_for_an_expired_token),
        TEST(joined_chat_is_followed),
        TEST(joined_chat_during_hello_is_followed_once),
        TEST(joined_chat_without_membership_is_forgotten),
        TEST(failed_read_ends_the_stream_and_asks_to_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
