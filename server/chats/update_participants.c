/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* ChatService.UpdateParticipants: what is asked for is laid over who is there, then judged move by move. */
#include "base/limits.h"
#include "chats/membership.h"
#include "chats/service.h"
#include "rpc/fields.h"
#include "server.h"

#define UNKNOWN_NAMED_MAX 20
#define READ_USERS 2 /* behind those of the membership */

static void update_participants(struct pl_call *call, const ProtobufCMessage *message);
static enum pl_status decide(struct pl_change *change, struct pl_append *append);
static void reply(struct pl_chat_change *change);

const struct pl_method pl_update_participants = {
    .path = "/parley.v1.ChatService/UpdateParticipants",
    .request_bytes_max = 131072,
    .spends = PL_SPENDS_MESSAGE,
    .handle = update_participants,
};

struct wish {
    struct pl_user_id user_id;
    int16_t role; /* of Parley__V1__Role; 0: any */
};

struct update {
    struct pl_chat_change base;
    bool is_whole_set;
    struct wish *puts;
    size_t put_count;
    struct pl_user_id *removes;
    size_t remove_count;
    int32_t count; /* of members, afterwards */
};

static enum pl_status take_put(const Parley__V1__NewParticipant *named, struct update *update)
{
    struct wish *wish = &update->puts[update->put_count++];
    if (named->role < PARLEY__V1__ROLE__ROLE_UNSPECIFIED || named->role > PARLEY__V1__ROLE__ROLE_MEMBER)
        return PL_INVALID_ARGUMENT;
    wish->role = (int16_t)named->role;
    return pl_uuid_parse(named->user_id, &wish->user_id.uuid);
}

static enum pl_status take_request(const Parley__V1__UpdateParticipantsRequest *request, struct update *update)
{
    struct pl_arena *arena = update->base.change.arena;
    update->is_whole_set = request->n_participants > 0;
    Parley__V1__NewParticipant **named = update->is_whole_set ? request->participants : request->add;
    size_t count = update->is_whole_set ? request->n_participants : request->n_add;
    bool is_mixed = update->is_whole_set && request->n_add + request->n_remove > 0;
    if (is_mixed || count > PL_GROUP_MEMBERS_MAX || request->n_remove > PL_GROUP_MEMBERS_MAX ||
        count + request->n_remove == 0)
        return PL_INVALID_ARGUMENT;
    update->puts = pl_arena_array(arena, struct wish, count);
    update->removes = pl_arena_array(arena, struct pl_user_id, request->n_remove);
    enum pl_status status = PL_OK;
    for (size_t i = 0; i < count && status == PL_OK; i++)
        status = take_put(named[i], update);
    for (size_t i = 0; i < request->n_remove && status == PL_OK; i++)
        status = pl_uuid_parse(request->remove[i], &update->removes[update->remove_count++].uuid);
    return status;
}

static void ask_users(struct update *update)
{
    struct pl_params *params = pl_change_read(&update->base.change, PL_STATEMENT_CHANGE_USERS);
    struct pl_array users;
    pl_array_begin(&users, params, PL_ELEMENT_UUID, update->put_count);
    for (size_t i = 0; i < update->put_count; i++)
        pl_array_uuid(&users, &update->puts[i].user_id.uuid);
    pl_array_end(&users);
    pl_params_uuid(params, &pl_call_principal(update->base.call)->app_id.uuid);
}

static void update_participants(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__UpdateParticipantsRequest *request = (const Parley__V1__UpdateParticipantsRequest *)message;
    struct update *update = pl_arena_new(pl_call_arena(call), struct update);
    if (!pl_chat_change_init_named(&update->base, call, request->chat_id, PL_ENTRY_MEMBERS, decide))
        return;
    enum pl_status status = take_request(request, update);
    if (status != PL_OK) {
        pl_call_fail(call, status,
                     "name 1 to 1024 users with their roles, either in participants, or in add and remove");
        return;
    }
    pl_membership_ask(&update->base);
    ask_users(update);
    pl_chat_change_submit(&update->base, reply);
}

/* ---- on the writer's thread ---- */

/* The caller stays, unless an API key acts for them. */
static void keep_only_named(const struct update *update, struct pl_membership *membership)
{
    const struct pl_user_id *caller = &update->base.append.message.sender_id;
    for (struct pl_member *member = membership->members; member != NULL; member = member->hh.next) {
        bool is_caller = !update->base.is_backend && pl_uuid_equal(&member->user_id.uuid, &caller->uuid);
        if (!is_caller && !member->is_named)
            member->role = 0;
    }
}

static void lay_over(const struct update *update, struct pl_membership *membership)
{
    for (size_t i = 0; i < update->put_count; i++)
        pl_membership_put(membership, &update->puts[i].user_id, update->puts[i].role);
    for (size_t i = 0; i < update->remove_count; i++)
        pl_membership_remove(membership, &update->removes[i]);
    if (update->is_whole_set)
        keep_only_named(update, membership);
}

/* One move of one user by a member. */
static bool may_move(const struct pl_member *member, const struct pl_member *actor,
                     const Parley__V1__ChatSettings *settings)
{
    bool is_addition = member->old_role == 0 && member->role != 0;
    bool is_about_members = (member->old_role == 0 || member->old_role == PARLEY__V1__ROLE__ROLE_MEMBER) &&
                            (member->role == 0 || member->role == PARLEY__V1__ROLE__ROLE_MEMBER);
    if (is_addition && settings->join_policy == PARLEY__V1__JOIN_POLICY__JOIN_POLICY_API_KEY)
        return false;
    if (member->role == member->old_role || actor->old_role == PARLEY__V1__ROLE__ROLE_OWNER)
        return true;
    if (member == actor && member->role == 0)
        return true;
    int16_t least = is_addition ? (int16_t)settings->who_may_add : (int16_t)PARLEY__V1__ROLE__ROLE_ADMIN;
    return is_about_members && actor->old_role <= least;
}

static bool may_do_all(const struct update *update, const struct pl_membership *membership)
{
    const struct pl_user_id *caller = &update->base.append.message.sender_id;
    const struct pl_member *actor = pl_membership_find(membership, caller);
    if (update->base.is_backend)
        return true;
    for (const struct pl_member *member = membership->members; member != NULL; member = member->hh.next)
        if (!may_move(member, actor, membership->chat.settings))
            return false;
    return true;
}

static enum pl_status find_unknown(struct update *update, struct pl_membership *membership)
{
    struct pl_arena *arena = update->base.change.arena;
    unsigned count = 0;
    const char *ids = "";
    pl_membership_take_users(membership, &update->base.change.reads[READ_USERS].rows);
    for (const struct pl_member *member = membership->members; member != NULL; member = member->hh.next) {
        if (member->old_role != 0 || member->is_user || count++ >= UNKNOWN_NAMED_MAX)
            continue;
        ids = pl_arena_printf(arena, "%s%s%s", ids, ids[0] != '\0' ? "," : "",
                              pl_field_uuid(&member->user_id.uuid, arena));
    }
    if (count > 0)
        update->base.user_ids = ids;
    return count > 0 ? PL_USER_NOT_FOUND : PL_OK;
}

static enum pl_status judge(struct update *update, struct pl_membership *membership)
{
    lay_over(update, membership);
    if (!may_do_all(update, membership))
        return PL_PERMISSION_DENIED;
    enum pl_status status = find_unknown(update, membership);
    if (status == PL_OK)
        status = pl_membership_store(membership);
    update->count = membership->count;
    return status;
}

static enum pl_status decide(struct pl_change *change, struct pl_append *append)
{
    (void)append;
    struct pl_membership membership;
    struct pl_chat_change *base = pl_chat_change_of(change);
    enum pl_status status = pl_membership_begin(&membership, base);
    if (status != PL_OK)
        return status;
    status = judge(pl_container_of(base, struct update, base), &membership);
    pl_membership_end(&membership);
    return status;
}

/* ---- on the call's loop ---- */

static void reply(struct pl_chat_change *change)
{
    const struct update *update = pl_container_of(change, struct update, base);
    Parley__V1__UpdateParticipantsResponse response = PARLEY__V1__UPDATE_PARTICIPANTS_RESPONSE__INIT;
    response.chat_id = pl_field_uuid(&change->append.message.chat_id.uuid, change->change.arena);
    response.seq = change->append.message.seq;
    response.participant_count = update->count;
    pl_call_reply(change->call, &response.base);
}
