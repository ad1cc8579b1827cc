/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "unit/delivery/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "delivery/hub.h"
#include "delivery/shard.h"
#include "rpc/rpc.h"
#include "support/cmocka.h"

struct world *world;

/* ---- the clock ---- */

static int64_t now_us;

int64_t pl_clock_now_us(void)
{
    return now_us;
}

int64_t pl_clock_wall_us(void)
{
    return INT64_C(1700000000000000) + now_us;
}

/* ---- the loops ---- */

static void ring(void *owner)
{
    (void)owner;
}

unsigned pl_rpc_loop_count(const struct pl_rpc *rpc)
{
    (void)rpc;
    return LOOPS;
}

struct pl_loop *pl_rpc_loop(struct pl_rpc *rpc, unsigned index)
{
    return &rpc->loops[index];
}

void pl_rpc_tell_health(struct pl_rpc *rpc)
{
    (void)rpc;
}

void world_turn(int loop)
{
    pl_loop_turn(&world->rpc.loops[loop]);
}

static bool has_work(struct pl_loop *loop)
{
    return !pl_loop_is_idle(loop) || pl_timers_next_due_us(&loop->timers) <= now_us;
}

static bool turn_all(void)
{
    bool did = false;
    for (int i = 0; i < LOOPS; i++) {
        if (!has_work(&world->rpc.loops[i]))
            continue;
        world_turn(i);
        did = true;
    }
    return did;
}

static bool finish_writes(void)
{
    bool did = false;
    for (unsigned i = 0; i < world->stream_count; i++) {
        struct pl_call *stream = world->streams[i];
        if (!stream->is_writing || stream->is_slow)
            continue;
        stream_written(stream);
        did = true;
    }
    return did;
}

void world_settle(void)
{
    bool did = true;
    for (int rounds = 0; did; rounds++) {
        assert_true(rounds < 100000);
        did = turn_all();
        did = fake_db_run(&world->db) || did;
        did = finish_writes() || did;
    }
}

void world_wait_ms(int64_t ms)
{
    now_us += ms * 1000;
}

void world_pass_ms(int64_t ms)
{
    world_wait_ms(ms);
    world_settle();
}

int64_t world_say(int chat, int user, int device, const char *body)
{
    int64_t seq = fake_db_commit(&world->db, chat, user, device, body);
    fake_db_publish(&world->db, chat, seq, seq);
    return seq;
}

/* ---- the whole ---- */

int world_set_up(void **state)
{
    (void)state;
    now_us = 1000000;
    world = calloc(1, sizeof(*world));
    pl_assert(world != NULL);
    for (unsigned i = 0; i < LOOPS; i++)
        pl_loop_init(&world->rpc.loops[i], i, ring, NULL);
    fake_db_init(&world->db);
    world->server.config.session_queue_bytes_max = 262144;
    world->server.config.heartbeat_interval_ms = 30000;
    world->server.config.fanout_push_rate = 50000;
    world->server.config.fanout_push_max = 1024;
    world->server.rpc = &world->rpc;
    world->server.db = &world->db;
    world->server.hub = pl_hub_new(&world->server);
    world->db.listener = pl_hub_listener(world->server.hub);
    return 0;
}

static void stream_free(struct pl_call *stream)
{
    for (unsigned i = 0; i < stream->frame_count; i++)
        parley__v1__server_frame__free_unpacked(stream->frames[i], NULL);
    free(stream);
}

int world_tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < world->stream_count; i++)
        if (world->streams[i]->is_open)
            stream_close(world->streams[i]);
    fake_db_release_all(&world->db);
    world_settle();
    assert_int_equal(world->server.hub->session_count, 0);
    assert_int_equal(pl_metrics_get(&world->server.metrics, PL_METRIC_hub_chats), 0);
    pl_hub_free(world->server.hub);
    for (unsigned i = 0; i < LOOPS; i++) {
        assert_int_equal(world->rpc.loops[i].timers.count, 0);
        pl_loop_fini(&world->rpc.loops[i]);
    }
    for (unsigned i = 0; i < world->stream_count; i++)
        stream_free(world->streams[i]);
    fake_db_fini(&world->db);
    free(world);
    return 0;
}
