/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Everything at once, in an order that a seed decides: commits whose publication is late, doubled or lost, users who
 * come and go, loops that turn in any order, answers that are held, devices that take slowly, come back and take over.
 * Each stream must see a gap-free continuation of what its device had, and in the end everybody has everything from the
 * times when they were members, and nothing else.
 */
#include <string.h>

#include "support/cmocka.h"

#include "delivery/hub.h"
#include "delivery/shard.h"
#include "unit/delivery/fake_statements.h"
#include "unit/delivery/world.h"

enum { SEEDS = 60, STEPS = 600, DEVICES = 5, CHATS = 4, LATE_MAX = 64 };

struct device {
    int user;
    int number;
    struct pl_call *stream;
};

struct publication {
    int chat;
    int64_t seq;
};

static uint64_t random_state;
static struct device devices[DEVICES];
static struct publication late[LATE_MAX];
static unsigned late_count;

static unsigned pick(unsigned count)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % count;
}

/* ---- devices ---- */

/* The device continues where it is. */
static void hello(struct device *device, const int64_t *have)
{
    char epoch[PL_UUID_TEXT_CHARS + 1];
    char ids[CHATS][PL_UUID_TEXT_CHARS + 1];
    Parley__V1__Cursor cursors[CHATS];
    Parley__V1__Cursor *list[CHATS];
    Parley__V1__Hello hello = PARLEY__V1__HELLO__INIT;
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    pl_uuid_format(&world->db.epoch, epoch);
    for (int chat = 0; chat < CHATS; chat++) {
        struct pl_chat_id id = chat_id(chat);
        pl_uuid_format(&id.uuid, ids[chat]);
        parley__v1__cursor__init(&cursors[chat]);
        cursors[chat].chat_id = ids[chat];
        cursors[chat].seq = have[chat];
        list[chat] = &cursors[chat];
    }
    hello.protocol_version = 1;
    hello.epoch = epoch;
    hello.cursors = list;
    hello.n_cursors = CHATS;
    frame.hello = &hello;
    memcpy(device->stream->have, have, sizeof(device->stream->have));
    stream_receive(device->stream, &frame);
}

/* Without its own state it gets all that is not acknowledged. */
static void hello_anew(struct device *device)
{
    for (int chat = 0; chat < CHATS; chat++)
        device->stream->have[chat] = world->db.chats[chat].cursors[device->number];
    stream_hello(device->stream);
}

static void reconnect(struct device *device)
{
    struct pl_call *older = device->stream;
    int64_t have[CHATS_MAX] = {0};
    bool is_takeover = older != NULL && pick(2) == 0;
    if (older != NULL)
        memcpy(have, older->have, sizeof(have));
    if (older != NULL && older->is_open && !is_takeover)
        stream_close(older);
    device->stream = stream_open_on(device->user, device->number, (int)pick(world->server.hub->shard_count));
    device->stream->is_slow = pick(2) == 0;
    if (is_takeover || pick(3) > 0)
        hello(device, have);
    else
        hello_anew(device);
}

static void ack(struct device *device)
{
    int chat = (int)pick(CHATS);
    struct pl_call *stream = device->stream;
    bool is_known = stream->seen_count > 0 && stream->have[chat] > 0;
    bool was_seen = false;
    for (unsigned i = 0; i < stream->seen_count && is_known; i++)
        was_seen = was_seen || (stream->seen[i].chat == chat && stream->seen[i].seq == stream->have[chat]);
    if (was_seen)
        stream_ack(stream, chat, stream->have[chat] - pick(2));
}

/* ---- commits ---- */

/* Somebody joins or leaves; or, mostly, says something. */
static int64_t change(int chat, int user)
{
    const struct fake_chat *log = &world->db.chats[chat];
    if (pick(6) > 0 || log->stay_count[user] == STAYS_MAX)
        return fake_db_commit(&world->db, chat, 0, 9, "words that fill the queue of a stream");
    if (log->members & 1U << user)
        return fake_db_remove(&world->db, chat, user);
    return fake_db_add(&world->db, chat, user);
}

static void commit(void)
{
    int chat = (int)pick(CHATS);
    int user = 1 + (int)pick(3);
    int64_t seq = change(chat, user);
    switch (pick(5)) {
    case 0: /* lost, but for hints */
        fake_db_advanced(&world->db, chat, seq);
        pl_hub_joined(world->server.hub, user_id(user), chat_id(chat));
        break;
    case 1:
        fake_db_publish(&world->db, chat, seq, seq);
        fake_db_publish(&world->db, chat, seq, seq);
        break;
    case 2:
        if (late_count < LATE_MAX) {
            late[late_count++] = (struct publication){chat, seq};
            break;
        }
        /* fall through */
    default:
        fake_db_publish(&world->db, chat, seq, seq);
        break;
    }
}

static void publish_late(void)
{
    if (late_count == 0)
        return;
    unsigned at = pick(late_count);
    fake_db_publish(&world->db, late[at].chat, late[at].seq, late[at].seq);
    late[at] = late[--late_count];
}

static void hold_or_release(void)
{
    static const enum pl_statement statements[] = {PL_STATEMENT_SESSION_CHATS, PL_STATEMENT_SESSION_HEADS,
                                                   PL_STATEMENT_SESSION_PAGE, PL_STATEMENT_HUB_PAGE};
    fake_db_hold(&world->db, statements[pick(4)], (enum fake_hold)pick(3));
}

static void finish_a_write(void)
{
    struct pl_call *stream = world->streams[pick(world->stream_count)];
    if (stream->is_writing)
        stream_written(stream);
}

static void step(void)
{
    switch (pick(16)) {
    case 0:
    case 1:
    case 2:
        commit();
        break;
    case 3:
        publish_late();
        break;
    case 4:
        hold_or_release();
        break;
    case 5:
        ack(&devices[pick(DEVICES)]);
        break;
    case 6:
        if (pick(6) == 0)
            reconnect(&devices[pick(DEVICES)]);
        break;
    case 7:
        world_wait_ms(3);
        break;
    case 8:
        fake_db_run(&world->db);
        break;
    case 9:
    case 10:
        finish_a_write();
        break;
    default:
        world_turn((int)pick(LOOPS));
        break;
    }
}

/* ---- the end ---- */

static void heal(void)
{
    while (late_count > 0)
        publish_late();
    fake_db_release_all(&world->db);
    for (unsigned i = 0; i < world->stream_count; i++)
        world->streams[i]->is_slow = false;
    world_settle();
    world_pass_ms(20);
    world_pass_ms(20);
    /* Groups that were hot are calm after this, and then the rest comes. */
    for (int i = 0; i < 20; i++)
        world_pass_ms(200);
}

/* Marks what any stream of the device has seen of the chat; all of it from the user's times. */
static void mark_seen(const struct device *device, int chat, bool *seen)
{
    memset(seen, 0, ENTRIES_MAX * sizeof(*seen));
    for (unsigned i = 0; i < world->stream_count; i++) {
        const struct pl_call *stream = world->streams[i];
        if (number_of(&stream->principal.device_id.uuid) != device->number)
            continue;
        for (unsigned j = 0; j < stream->seen_count; j++) {
            if (stream->seen[j].chat != chat)
                continue;
            assert_true(fake_chat_shows(&world->db.chats[chat], device->user, stream->seen[j].seq));
            seen[stream->seen[j].seq - 1] = true;
        }
    }
}

static void check_intervals(unsigned seed, const struct device *device, int chat)
{
    static bool seen[ENTRIES_MAX];
    const struct fake_chat *log = &world->db.chats[chat];
    mark_seen(device, chat, seen);
    for (int64_t seq = 1; seq <= log->last_seq; seq++) {
        if (seen[seq - 1] != fake_chat_shows(log, device->user, seq))
            print_error("seed %u: device %d, chat %d, entry %d\n", seed, device->number, chat, (int)seq);
        assert_int_equal(seen[seq - 1], fake_chat_shows(log, device->user, seq));
    }
}

static void check_all(unsigned seed)
{
    for (unsigned i = 0; i < world->stream_count; i++) {
        const struct pl_call *stream = world->streams[i];
        if (stream->is_disordered || stream->again_count > 0)
            print_error("seed %u: stream %u of device %d\n", seed, i, number_of(&stream->principal.device_id.uuid));
        assert_false(stream->is_disordered);
        assert_int_equal(stream->again_count, 0);
    }
    for (int i = 0; i < DEVICES; i++) {
        assert_false(devices[i].stream->is_failed);
        assert_true(devices[i].stream->caught_up);
        for (int chat = 0; chat < CHATS; chat++) {
            bool is_member = world->db.chats[chat].members & 1U << devices[i].user;
            int64_t last_seq = is_member ? world->db.chats[chat].last_seq : devices[i].stream->have[chat];
            if (devices[i].stream->have[chat] != last_seq)
                print_error("seed %u: device %d, chat %d\n", seed, i, chat);
            assert_int_equal(devices[i].stream->have[chat], last_seq);
            check_intervals(seed, &devices[i], chat);
        }
    }
}

static void run(unsigned seed)
{
    world_set_up(NULL);
    /* Every second time there is one loop, as where cores are few. */
    world->server.hub->shard_count = seed % 2 == 0 ? LOOPS : 1;
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15);
    late_count = 0;
    world->server.config.session_queue_bytes_max = pick(2) ? 4096 : 262144;
    world->server.config.fanout_push_rate = pick(2) ? 40 : 50000;
    for (int chat = 0; chat < CHATS; chat++)
        world->db.chats[chat].members = 1U << 1 | 1U << (2 + chat % 2);
    for (int i = 0; i < DEVICES; i++) {
        devices[i] = (struct device){.user = 1 + i % 3, .number = 1 + i};
        reconnect(&devices[i]);
    }
    for (int i = 0; i < STEPS; i++)
        step();
    heal();
    check_all(seed);
    world_tear_down(NULL);
}

static void any_order_of_events_gives_every_device_everything_once_in_order(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++)
        run(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_of_events_gives_every_device_everything_once_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
