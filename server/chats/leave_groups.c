/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "chats/leave_groups.h"

#include "chats/membership.h"
#include "server.h"

/* Groups are taken in the order of their ids, so that one that cannot be left is passed and not met again. */
struct leaving {
    struct pl_chat_change change; /* the first member, see chat_change.h */
    struct pl_call *call;
    struct pl_user_id user;
    void (*done)(struct pl_call *call);
    struct pl_chat_id after;
    struct pl_arena arena; /* of one group */
};

static void on_group(struct pl_query *query, void *context);
static enum pl_status decide(struct pl_change *change, struct pl_append *append);
static void on_left(struct pl_chat_change *change);

static void find_next(struct leaving *leaving)
{
    const struct pl_server *server = pl_call_context(leaving->call);
    pl_arena_reset(&leaving->arena);
    struct pl_query *query = pl_query_new(&leaving->arena, &pl_call_loop(leaving->call)->mailbox, on_group, leaving);
    query->deadline_us = pl_call_deadline_us(leaving->call);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_GROUP_OF_USER);
    pl_params_uuid(params, &leaving->user.uuid);
    pl_params_uuid(params, &leaving->after.uuid);
    pl_db_query(server->db, query);
}

/* The user is gone already, so it is the app that leaves in the user's name. */
static void leave(struct leaving *leaving)
{
    struct pl_chat_change *change = &leaving->change;
    *change = (struct pl_chat_change){0};
    pl_chat_change_init(change, leaving->call, leaving->after, PL_ENTRY_MEMBERS, decide);
    change->change.arena = &leaving->arena;
    change->change.any_sender = true;
    change->append.message.sender_id = leaving->user;
    pl_membership_ask(change);
    pl_chat_change_submit(change, on_left);
}

static void on_group(struct pl_query *query, void *context)
{
    struct leaving *leaving = context;
    const struct pl_rows *rows = &query->steps[0].rows;
    if (query->status != PL_OK) {
        pl_call_fail(leaving->call, query->status, NULL);
    } else if (pl_rows_count(rows) == 0) {
        leaving->done(leaving->call);
    } else {
        leaving->after.uuid = pl_rows_uuid(rows, 0, 0);
        leave(leaving);
    }
}

/* Who has left meanwhile, or whose group has ended, has nothing to leave; and nobody is there to read of it. */
static enum pl_status decide(struct pl_change *change, struct pl_append *append)
{
    struct pl_chat_change *base = pl_chat_change_of(change);
    struct pl_membership membership;
    enum pl_status status = pl_membership_begin(&membership, base);
    if (status != PL_OK) {
        change->is_needless = true;
        return PL_OK;
    }
    pl_membership_remove(&membership, &append->message.sender_id);
    status = pl_membership_store(&membership);
    base->left_count = 0;
    pl_membership_end(&membership);
    return status;
}

static void on_left(struct pl_chat_change *change)
{
    find_next(pl_container_of(change, struct leaving, change));
}

static void fini_arena(void *object)
{
    pl_arena_fini(object);
}

void pl_leave_groups(struct pl_call *call, struct pl_user_id user, void (*done)(struct pl_call *call))
{
    struct leaving *leaving = pl_arena_new(pl_call_arena(call), struct leaving);
    leaving->call = call;
    leaving->user = user;
    leaving->done = done;
    pl_arena_init(&leaving->arena, 0);
    pl_arena_defer(pl_call_arena(call), fini_arena, &leaving->arena);
    find_next(leaving);
}
