/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "chats/chat_change.h"

#include "chats/settings.h"
#include "delivery/account.h"
#include "rpc/fields.h"
#include "server.h"

enum { READ_CHAT, READ_ROLE };
enum { COLUMN_APP, COLUMN_TYPE, COLUMN_SETTINGS_SEQ, COLUMN_SETTINGS, COLUMN_IS_DELETED, COLUMN_MEMBERS_MAX };

static void on_appended(struct pl_append *append);

void pl_chat_change_init(struct pl_chat_change *change, struct pl_call *call, struct pl_chat_id chat_id,
                         enum pl_entry_kind kind, pl_decide decide)
{
    const struct pl_principal *principal = pl_call_principal(call);
    struct pl_message *message = &change->append.message;
    message->chat_id = chat_id;
    change->call = call;
    change->is_backend = principal->kind == PL_PRINCIPAL_APP;
    pl_change_init(&change->change, pl_call_arena(call), decide);
    change->change.any_sender = change->is_backend;
    message->message_id.uuid = pl_uuid_v7();
    message->sender_id = principal->user_id;
    message->sender_device_id = principal->device_id;
    message->message_type = PARLEY__V1__MESSAGE_TYPE__MESSAGE_TYPE_SYSTEM;
    message->entry_kind = kind;
}

bool pl_chat_change_init_named(struct pl_chat_change *change, struct pl_call *call, const char *chat_id,
                               enum pl_entry_kind kind, pl_decide decide)
{
    struct pl_chat_id chat;
    if (!pl_field_take_uuid(call, "chat_id", chat_id, &chat.uuid))
        return false;
    pl_chat_change_init(change, call, chat, kind, decide);
    return true;
}

void pl_chat_change_submit(struct pl_chat_change *change, void (*stored)(struct pl_chat_change *change))
{
    const struct pl_server *server = pl_call_context(change->call);
    change->stored = stored;
    change->append.home = &pl_call_loop(change->call)->mailbox;
    change->append.done = on_appended;
    change->append.deadline_us = pl_call_deadline_us(change->call);
    change->append.change = &change->change;
    pl_db_append(server->db, &change->append);
}

static void tell_account(const struct pl_chat_change *change, enum pl_account_event event,
                         const struct pl_user_id *users, size_t count)
{
    const struct pl_server *server = pl_call_context(change->call);
    const struct pl_message *message = &change->append.message;
    pl_account_tell(server->hub, &(struct pl_account_news){
                                     .app_id = pl_call_principal(change->call)->app_id,
                                     .event = event,
                                     .subject = message->chat_id.uuid,
                                     .seq = message->seq,
                                     .users = users,
                                     .count = count,
                                 });
}

static void tell_users(const struct pl_chat_change *change)
{
    const struct pl_server *server = pl_call_context(change->call);
    /* The hub was told of the entry only where its commit was seen to succeed. */
    for (size_t i = 0; change->append.resend && i < change->joined_count; i++)
        pl_hub_joined(server->hub, change->joined[i], change->append.message.chat_id);
    tell_account(change, PL_ACCOUNT_CHAT_JOINED, change->joined, change->joined_count);
    tell_account(change, PL_ACCOUNT_CHAT_LEFT, change->left, change->left_count);
}

static void on_appended(struct pl_append *append)
{
    struct pl_chat_change *change = pl_container_of(append, struct pl_chat_change, append);
    if (append->status == PL_OK) {
        if (!change->change.is_needless)
            tell_users(change);
        change->stored(change);
        return;
    }
    /* Who may not see a chat is not told whether it is there. */
    if (append->status == PL_CHAT_NOT_FOUND && !change->is_backend)
        append->status = PL_PERMISSION_DENIED;
    if (change->user_ids != NULL)
        pl_call_detail(change->call, "user_ids", change->user_ids);
    pl_call_fail(change->call, append->status, "%s",
                 change->sentence != NULL ? change->sentence : pl_status_sentence(append->status));
}

struct pl_chat_change *pl_chat_change_of(struct pl_change *change)
{
    struct pl_chat_change *whole = pl_container_of(change, struct pl_chat_change, change);
    whole->sentence = NULL;
    whole->user_ids = NULL;
    whole->joined_count = whole->left_count = 0;
    return whole;
}

enum pl_status pl_chat_change_refuse(struct pl_chat_change *change, enum pl_status status, const char *sentence)
{
    change->sentence = sentence;
    return status;
}

void pl_chat_change_put_event(struct pl_chat_change *change, const Parley__V1__ChatEvent *event)
{
    struct pl_message *message = &change->append.message;
    message->body_kind = PL_BODY_EVENT;
    message->body = pl_field_pack(&event->base, change->change.arena, &message->body_bytes);
}

void pl_chat_change_ask_chat(struct pl_chat_change *change)
{
    pl_assert(change->change.read_count == 0);
    struct pl_params *params = pl_change_read(&change->change, PL_STATEMENT_CHANGE_CHAT);
    pl_params_uuid(params, &change->append.message.chat_id.uuid);
}

void pl_chat_change_ask_role(struct pl_chat_change *change)
{
    pl_assert(change->change.read_count == READ_ROLE);
    struct pl_params *params = pl_change_read(&change->change, PL_STATEMENT_CHANGE_ROLE);
    pl_params_uuid(params, &change->append.message.chat_id.uuid);
    pl_params_uuid(params, &change->append.message.sender_id.uuid);
}

int16_t pl_chat_change_role(const struct pl_chat_change *change)
{
    /* The sender is a member, which the append has seen to. */
    return change->is_backend ? PARLEY__V1__ROLE__ROLE_OWNER
                              : (int16_t)pl_rows_int(&change->change.reads[READ_ROLE].rows, 0, 0);
}

static void take_state(const struct pl_rows *rows, struct pl_arena *arena, struct pl_chat_state *ret_state)
{
    size_t bytes = 0;
    const void *packed = pl_rows_bytes(rows, 0, COLUMN_SETTINGS, &bytes);
    ret_state->chat_type = (int16_t)pl_rows_int(rows, 0, COLUMN_TYPE);
    ret_state->settings = pl_settings_read(packed, bytes, arena);
    ret_state->members_max = (int32_t)pl_rows_int(rows, 0, COLUMN_MEMBERS_MAX);
    ret_state->settings_seq = pl_rows_int(rows, 0, COLUMN_SETTINGS_SEQ);
}

enum pl_status pl_chat_change_take_chat(struct pl_chat_change *change, struct pl_chat_state *ret_state)
{
    const struct pl_rows *rows = &change->change.reads[READ_CHAT].rows;
    struct pl_uuid app = pl_rows_uuid(rows, 0, COLUMN_APP);
    bool is_ours = pl_uuid_equal(&app, &pl_call_principal(change->call)->app_id.uuid);
    if (!is_ours || pl_rows_bool(rows, 0, COLUMN_IS_DELETED))
        return change->is_backend ? PL_CHAT_NOT_FOUND : PL_NOT_A_MEMBER;
    take_state(rows, change->change.arena, ret_state);
    return PL_OK;
}

enum pl_status pl_chat_change_take_group(struct pl_chat_change *change, struct pl_chat_state *ret_state)
{
    enum pl_status status = pl_chat_change_take_chat(change, ret_state);
    if (status == PL_OK && ret_state->chat_type != PARLEY__V1__CHAT_TYPE__CHAT_TYPE_GROUP)
        return pl_chat_change_refuse(change, PL_FAILED_PRECONDITION, "the chat is not a group");
    return status;
}
