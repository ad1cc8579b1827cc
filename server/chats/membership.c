/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "chats/membership.h"

#include "rpc/fields.h"

#define OWNER PARLEY__V1__ROLE__ROLE_OWNER
#define ADMIN PARLEY__V1__ROLE__ROLE_ADMIN
#define MEMBER PARLEY__V1__ROLE__ROLE_MEMBER

enum { READ_CHAT, READ_MEMBERS };

void pl_membership_ask(struct pl_chat_change *change)
{
    pl_chat_change_ask_chat(change);
    struct pl_params *params = pl_change_read(&change->change, PL_STATEMENT_CHANGE_MEMBERS);
    pl_params_uuid(params, &change->append.message.chat_id.uuid);
}

static struct pl_member *add(struct pl_membership *membership, const struct pl_user_id *user)
{
    struct pl_member *member = pl_arena_new(membership->change->change.arena, struct pl_member);
    member->user_id = *user;
    HASH_ADD(hh, membership->members, user_id, sizeof(member->user_id), member);
    return member;
}

enum pl_status pl_membership_begin(struct pl_membership *membership, struct pl_chat_change *change)
{
    *membership = (struct pl_membership){.change = change};
    enum pl_status status = pl_chat_change_take_group(change, &membership->chat);
    if (status != PL_OK)
        return status;
    const struct pl_rows *rows = &change->change.reads[READ_MEMBERS].rows;
    for (int row = 0; row < pl_rows_count(rows); row++) {
        struct pl_user_id user = {pl_rows_uuid(rows, row, 0)};
        struct pl_member *member = add(membership, &user);
        member->old_role = member->role = (int16_t)pl_rows_int(rows, row, 1);
    }
    return PL_OK;
}

void pl_membership_end(struct pl_membership *membership)
{
    HASH_CLEAR(hh, membership->members);
}

struct pl_member *pl_membership_find(const struct pl_membership *membership, const struct pl_user_id *user)
{
    struct pl_member *member = NULL;
    HASH_FIND(hh, membership->members, user, sizeof(*user), member);
    return member;
}

void pl_membership_put(struct pl_membership *membership, const struct pl_user_id *user, int16_t role)
{
    struct pl_member *member = pl_membership_find(membership, user);
    if (member == NULL)
        member = add(membership, user);
    member->is_named = true;
    if (role != 0)
        member->role = role;
    else if (member->role == 0)
        member->role = MEMBER;
}

void pl_membership_remove(struct pl_membership *membership, const struct pl_user_id *user)
{
    struct pl_member *member = pl_membership_find(membership, user);
    if (member != NULL)
        member->role = 0;
}

void pl_membership_take_users(struct pl_membership *membership, const struct pl_rows *users)
{
    for (int row = 0; row < pl_rows_count(users); row++) {
        struct pl_user_id user = {pl_rows_uuid(users, row, 0)};
        struct pl_member *member = pl_membership_find(membership, &user);
        if (member != NULL)
            member->is_user = true;
    }
}

/* ---- the owner ---- */

static struct pl_member *first_with(const struct pl_membership *membership, int16_t role)
{
    for (struct pl_member *member = membership->members; member != NULL; member = member->hh.next)
        if (member->role == role)
            return member;
    return NULL;
}

static enum pl_status settle_owner(struct pl_membership *membership)
{
    struct pl_member *old = NULL, *named = NULL;
    for (struct pl_member *member = membership->members; member != NULL; member = member->hh.next) {
        if (member->old_role == OWNER)
            old = member;
        if (member->role != OWNER || member->old_role == OWNER)
            continue;
        if (named != NULL)
            return pl_chat_change_refuse(membership->change, PL_INVALID_ARGUMENT, "a group has one owner");
        named = member;
    }
    bool is_demoted = old != NULL && old->role != OWNER && old->role != 0;
    if (is_demoted && named == NULL)
        return pl_chat_change_refuse(membership->change, PL_INVALID_ARGUMENT,
                                     "ownership is handed over by naming another owner");
    if (named != NULL && old != NULL && old->role == OWNER)
        old->role = ADMIN;
    if (first_with(membership, OWNER) != NULL)
        return PL_OK;
    struct pl_member *successor = first_with(membership, ADMIN);
    if (successor == NULL)
        successor = first_with(membership, MEMBER);
    if (successor != NULL)
        successor->role = OWNER;
    return PL_OK;
}

/* ---- what it comes to ---- */

/* Those whose place is another, sorted by how. */
struct moves {
    struct pl_member **added, **removed, **changed;
    size_t added_count, removed_count, changed_count;
};

static struct moves moves_of(struct pl_membership *membership)
{
    struct pl_arena *arena = membership->change->change.arena;
    size_t all = HASH_COUNT(membership->members);
    struct moves moves = {
        .added = pl_arena_array(arena, struct pl_member *, all),
        .removed = pl_arena_array(arena, struct pl_member *, all),
        .changed = pl_arena_array(arena, struct pl_member *, all),
    };
    membership->count = 0;
    for (struct pl_member *member = membership->members; member != NULL; member = member->hh.next) {
        membership->count += member->role != 0;
        if (member->role == member->old_role)
            continue;
        if (member->old_role == 0)
            moves.added[moves.added_count++] = member;
        else if (member->role == 0)
            moves.removed[moves.removed_count++] = member;
        else
            moves.changed[moves.changed_count++] = member;
    }
    return moves;
}

static Parley__V1__EventMember **event_members(struct pl_member *const *members, size_t count, struct pl_arena *arena)
{
    Parley__V1__EventMember **list = pl_arena_array(arena, Parley__V1__EventMember *, count);
    for (size_t i = 0; i < count; i++) {
        list[i] = pl_arena_new(arena, Parley__V1__EventMember);
        parley__v1__event_member__init(list[i]);
        list[i]->user_id = pl_field_uuid(&members[i]->user_id.uuid, arena);
        list[i]->role = (Parley__V1__Role)members[i]->role;
    }
    return list;
}

static void put_event(struct pl_chat_change *change, const struct moves *moves)
{
    struct pl_arena *arena = change->change.arena;
    Parley__V1__ChatEvent event = PARLEY__V1__CHAT_EVENT__INIT;
    event.n_members_added = moves->added_count;
    event.members_added = event_members(moves->added, moves->added_count, arena);
    event.n_roles_changed = moves->changed_count;
    event.roles_changed = event_members(moves->changed, moves->changed_count, arena);
    event.n_members_removed = moves->removed_count;
    event.members_removed = pl_arena_array(arena, char *, moves->removed_count);
    for (size_t i = 0; i < moves->removed_count; i++)
        event.members_removed[i] = pl_field_uuid(&moves->removed[i]->user_id.uuid, arena);
    pl_chat_change_put_event(change, &event);
}

static const struct pl_user_id *ids_of(struct pl_member *const *members, size_t count, struct pl_arena *arena)
{
    struct pl_user_id *ids = pl_arena_array(arena, struct pl_user_id, count);
    for (size_t i = 0; i < count; i++)
        ids[i] = members[i]->user_id;
    return ids;
}

static void name_moved(struct pl_chat_change *change, const struct moves *moves)
{
    change->joined = ids_of(moves->added, moves->added_count, change->change.arena);
    change->joined_count = moves->added_count;
    change->left = ids_of(moves->removed, moves->removed_count, change->change.arena);
    change->left_count = moves->removed_count;
}

/* ---- writes ---- */

static void put_users(struct pl_params *params, struct pl_member *const *members, size_t count)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, count);
    for (size_t i = 0; i < count; i++)
        pl_array_uuid(&array, &members[i]->user_id.uuid);
    pl_array_end(&array);
}

static void put_roles(struct pl_params *params, struct pl_member *const *members, size_t count)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_INT16, count);
    for (size_t i = 0; i < count; i++)
        pl_array_int16(&array, members[i]->role);
    pl_array_end(&array);
}

/* A write whose first parameters are the chat and these users. */
static struct pl_params *write_members(struct pl_chat_change *change, enum pl_statement statement,
                                       struct pl_member *const *members, size_t count)
{
    struct pl_params *params = pl_change_write(&change->change, statement);
    pl_params_uuid(params, &change->append.message.chat_id.uuid);
    put_users(params, members, count);
    return params;
}

static void write_removed(struct pl_chat_change *change, const struct moves *moves)
{
    int64_t seq = change->append.message.seq;
    if (moves->removed_count == 0)
        return;
    pl_params_int64(write_members(change, PL_STATEMENT_CHANGE_LEAVE, moves->removed, moves->removed_count), seq);
    pl_params_int64(write_members(change, PL_STATEMENT_CHANGE_LEAVE_BY_USER, moves->removed, moves->removed_count),
                    seq);
}

static void write_added(struct pl_membership *membership, const struct moves *moves)
{
    struct pl_chat_change *change = membership->change;
    int64_t seq = change->append.message.seq;
    bool shows_history = membership->chat.settings->history_for_new == PARLEY__V1__HISTORY_FOR_NEW__HISTORY_FOR_NEW_ALL;
    int64_t visible_from = shows_history ? 1 : seq;
    if (moves->added_count == 0)
        return;
    struct pl_params *join = write_members(change, PL_STATEMENT_CHANGE_JOIN, moves->added, moves->added_count);
    put_roles(join, moves->added, moves->added_count);
    pl_params_int64(join, seq);
    pl_params_int64(join, visible_from);
    struct pl_params *by_user =
        write_members(change, PL_STATEMENT_CHANGE_JOIN_BY_USER, moves->added, moves->added_count);
    pl_params_int64(by_user, seq);
    pl_params_int64(by_user, visible_from);
}

static void write_changed(struct pl_chat_change *change, const struct moves *moves)
{
    if (moves->changed_count == 0)
        return;
    struct pl_params *roles = write_members(change, PL_STATEMENT_CHANGE_ROLES, moves->changed, moves->changed_count);
    put_roles(roles, moves->changed, moves->changed_count);
}

static void write_member_seq(struct pl_chat_change *change)
{
    struct pl_params *params = pl_change_write(&change->change, PL_STATEMENT_CHANGE_MEMBER_SEQ);
    pl_params_uuid(params, &change->append.message.chat_id.uuid);
    pl_params_int64(params, change->append.message.seq);
}

enum pl_status pl_membership_store(struct pl_membership *membership)
{
    struct pl_chat_change *change = membership->change;
    enum pl_status status = settle_owner(membership);
    if (status != PL_OK)
        return status;
    struct moves moves = moves_of(membership);
    /* A limit that was lowered keeps nobody from leaving. */
    if (moves.added_count > 0 && membership->count > membership->chat.members_max)
        return PL_CHAT_FULL;
    change->change.is_needless = moves.added_count + moves.removed_count + moves.changed_count == 0;
    if (change->change.is_needless)
        return PL_OK;
    put_event(change, &moves);
    name_moved(change, &moves);
    write_removed(change, &moves);
    write_added(membership, &moves);
    write_changed(change, &moves);
    write_member_seq(change);
    return PL_OK;
}

void pl_membership_store_end(struct pl_membership *membership)
{
    struct pl_chat_change *change = membership->change;
    for (struct pl_member *member = membership->members; member != NULL; member = member->hh.next)
        member->role = 0;
    struct moves moves = moves_of(membership);
    Parley__V1__ChatEvent event = PARLEY__V1__CHAT_EVENT__INIT;
    event.chat_deleted = true;
    pl_chat_change_put_event(change, &event);
    name_moved(change, &moves);
    write_removed(change, &moves);
    write_member_seq(change);
}
