/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* From the messages of the wire to the public structs. */
#include "sdk/c/src/convert.h"

#include <limits.h>
#include <string.h>

int64_t pl_convert_time_us(const Google__Protobuf__Timestamp *time)
{
    /* Years 1 to 9999, as the type promises; anything else is not a time. */
    if (time == NULL || time->seconds < INT64_C(-62135596800) || time->seconds > INT64_C(253402300799))
        return 0;
    return time->seconds * 1000000 + time->nanos / 1000;
}

/* Maps are repeated entries of one shape, but of a type for each map. */
#define CONVERT_METADATA(ret_, from_, arena_)                                                                          \
    do {                                                                                                               \
        parley_metadata *pairs_ = pl_arena_array((arena_), parley_metadata, (from_)->n_metadata + 1);                  \
        for (size_t i_ = 0; i_ < (from_)->n_metadata; i_++)                                                            \
            pairs_[i_] = (parley_metadata){(from_)->metadata[i_]->key, (from_)->metadata[i_]->value};                  \
        (ret_)->metadata = pairs_;                                                                                     \
        (ret_)->metadata_count = (from_)->n_metadata;                                                                  \
    } while (0)

void pl_convert_app(parley_app *ret_app, const Parley__V1__App *app)
{
    *ret_app = (parley_app){.app_id = app->app_id,
                            .name = app->name,
                            .created_at_us = pl_convert_time_us(app->created_at),
                            .max_group_members = app->max_group_members,
                            .retention_days = app->retention_days,
                            .retention_until_delivered = app->retention_until_delivered,
                            .limits = {.user_messages_per_second = app->user_messages_per_second,
                                       .user_bytes_per_second = app->user_bytes_per_second,
                                       .user_creates_per_second = app->user_creates_per_second,
                                       .app_messages_per_second = app->app_messages_per_second,
                                       .app_bytes_per_second = app->app_bytes_per_second,
                                       .app_creates_per_second = app->app_creates_per_second}};
}

void pl_convert_api_key(parley_api_key *ret_key, const Parley__V1__ApiKey *from, const char *secret)
{
    static const Parley__V1__ApiKey absent = PARLEY__V1__API_KEY__INIT;
    const Parley__V1__ApiKey *key = from != NULL ? from : &absent;
    *ret_key = (parley_api_key){.key_id = key->key_id,
                                .app_id = key->app_id,
                                .name = key->name,
                                .created_at_us = pl_convert_time_us(key->created_at),
                                .secret = secret,
                                .revoked_at_us = pl_convert_time_us(key->revoked_at),
                                .previous_secret_until_us = pl_convert_time_us(key->previous_secret_until)};
}

void pl_convert_user(parley_user *ret_user, const Parley__V1__User *user, struct pl_arena *arena)
{
    *ret_user = (parley_user){.user_id = user->user_id,
                              .username = user->username,
                              .phone_number = user->phone_number,
                              .display_name = user->display_name,
                              .about = user->about,
                              .avatar_url = user->avatar_url,
                              .created_at_us = pl_convert_time_us(user->created_at),
                              .deactivated_at_us = pl_convert_time_us(user->deactivated_at),
                              .deleted_at_us = pl_convert_time_us(user->deleted_at)};
    if (user->settings != NULL) {
        ret_user->read_receipts = (parley_read_receipts)user->settings->read_receipts;
        ret_user->presence = (parley_presence_audience)user->settings->presence;
    }
    CONVERT_METADATA(ret_user, user, arena);
}

void pl_convert_presence(parley_presence *ret_presence, const Parley__V1__Presence *presence)
{
    *ret_presence = (parley_presence){.user_id = presence->user_id,
                                      .online = presence->online,
                                      .last_seen_us = pl_convert_time_us(presence->last_seen)};
}

void pl_convert_device(parley_device *ret_device, const Parley__V1__Device *device)
{
    *ret_device = (parley_device){.device_id = device->device_id,
                                  .user_id = device->user_id,
                                  .name = device->name,
                                  .created_at_us = pl_convert_time_us(device->created_at),
                                  .revoked_at_us = pl_convert_time_us(device->revoked_at)};
}

void pl_convert_signing_key(parley_signing_key *ret_key, const Parley__V1__SigningKey *key)
{
    *ret_key = (parley_signing_key){.key_id = key->key_id,
                                    .app_id = key->app_id,
                                    .name = key->name,
                                    .algorithm = (parley_signing_algorithm)key->algorithm,
                                    .registered = key->registered,
                                    .created_at_us = pl_convert_time_us(key->created_at),
                                    .revoked_at_us = pl_convert_time_us(key->revoked_at)};
}

void pl_convert_token(parley_token *ret_token, const Parley__V1__CreateTokenResponse *response)
{
    *ret_token = (parley_token){.token = response->token, .expires_at_us = pl_convert_time_us(response->expires_at)};
}

void pl_convert_participant(parley_participant *ret_participant, const Parley__V1__Participant *from)
{
    *ret_participant = (parley_participant){.chat_id = from->chat_id,
                                            .user_id = from->user_id,
                                            .role = (parley_role)from->role,
                                            .joined_at_us = pl_convert_time_us(from->joined_at),
                                            .last_delivered_seq = from->last_delivered_seq,
                                            .last_read_seq = from->last_read_seq};
}

static parley_participant *participant_of(const Parley__V1__Participant *from, struct pl_arena *arena)
{
    parley_participant *participant = pl_arena_new(arena, parley_participant);
    pl_convert_participant(participant, from);
    return participant;
}

void pl_convert_chat(parley_chat *ret_chat, const Parley__V1__Chat *chat, struct pl_arena *arena)
{
    const parley_participant **participants =
        pl_arena_array(arena, const parley_participant *, chat->n_participants + 1);
    static const Parley__V1__ChatSettings absent = PARLEY__V1__CHAT_SETTINGS__INIT;
    const Parley__V1__ChatSettings *settings = chat->settings != NULL ? chat->settings : &absent;
    for (size_t i = 0; i < chat->n_participants; i++)
        participants[i] = participant_of(chat->participants[i], arena);
    *ret_chat = (parley_chat){.chat_id = chat->chat_id,
                              .chat_type = (parley_chat_type)chat->chat_type,
                              .name = chat->name,
                              .description = chat->description,
                              .participants = participants,
                              .participants_listed = chat->n_participants,
                              .participant_count = chat->participant_count,
                              .created_at_us = pl_convert_time_us(chat->created_at),
                              .last_message_at_us = pl_convert_time_us(chat->last_message_at),
                              .last_seq = chat->last_seq,
                              .avatar_media_id = chat->avatar_media_id,
                              .join_policy = (parley_join_policy)settings->join_policy,
                              .history_for_new = (parley_history)settings->history_for_new,
                              .etag = chat->etag,
                              .who_may_send = (parley_role)settings->who_may_send,
                              .who_may_add = (parley_role)settings->who_may_add,
                              .who_may_edit = (parley_role)settings->who_may_edit,
                              .read_receipts = (parley_read_receipts)settings->read_receipts,
                              .unread_count = chat->unread_count,
                              .message_ttl = settings->message_ttl};
    CONVERT_METADATA(ret_chat, chat, arena);
}

void pl_convert_chats(parley_chats *ret_chats, const Parley__V1__ListChatsResponse *response, struct pl_arena *arena)
{
    const parley_chat **items = pl_arena_array(arena, const parley_chat *, response->n_chats + 1);
    for (size_t i = 0; i < response->n_chats; i++) {
        parley_chat *chat = pl_arena_new(arena, parley_chat);
        pl_convert_chat(chat, response->chats[i], arena);
        items[i] = chat;
    }
    *ret_chats =
        (parley_chats){.items = items, .count = response->n_chats, .next_page_token = response->next_page_token};
}

static const parley_event_member *members_of(Parley__V1__EventMember *const *from, size_t count, struct pl_arena *arena)
{
    parley_event_member *members = pl_arena_array(arena, parley_event_member, count + 1);
    for (size_t i = 0; i < count; i++)
        members[i] = (parley_event_member){.user_id = from[i]->user_id, .role = (parley_role)from[i]->role};
    return members;
}

static const parley_event *event_of(const Parley__V1__ChatEvent *from, struct pl_arena *arena)
{
    static const Parley__V1__ChatPlace nowhere = PARLEY__V1__CHAT_PLACE__INIT;
    static const Parley__V1__ChatUpdated nothing = PARLEY__V1__CHAT_UPDATED__INIT;
    const Parley__V1__ChatPlace *joined = from->chat_joined != NULL ? from->chat_joined : &nowhere;
    const Parley__V1__ChatPlace *left = from->chat_left != NULL ? from->chat_left : &nowhere;
    const Parley__V1__ChatUpdated *updated = from->chat_updated != NULL ? from->chat_updated : &nothing;
    const Parley__V1__ChatPlace *hidden = from->message_hidden != NULL ? from->message_hidden : &nowhere;
    const Parley__V1__UserUpdated *profile = from->user_updated;
    parley_event *event = pl_arena_new(arena, parley_event);
    *event =
        (parley_event){.members_added = members_of(from->members_added, from->n_members_added, arena),
                       .members_added_count = from->n_members_added,
                       .members_removed = (const char *const *)from->members_removed,
                       .members_removed_count = from->n_members_removed,
                       .roles_changed = members_of(from->roles_changed, from->n_roles_changed, arena),
                       .roles_changed_count = from->n_roles_changed,
                       .fields_changed = (const char *const *)(profile != NULL ? profile->fields : updated->fields),
                       .fields_changed_count = profile != NULL ? profile->n_fields : updated->n_fields,
                       .chat_deleted = from->chat_deleted,
                       .joined_chat_id = joined->chat_id,
                       .joined_seq = joined->seq,
                       .left_chat_id = left->chat_id,
                       .left_seq = left->seq,
                       .device_added = from->device_added,
                       .device_revoked = from->device_revoked,
                       .user_blocked = from->user_blocked,
                       .user_unblocked = from->user_unblocked,
                       .hidden_chat_id = hidden->chat_id,
                       .hidden_seq = hidden->seq};
    return event;
}

/* The wire's bytes have no NUL behind them; the public content has. */
static void take_bytes(parley_message *message, parley_body body, const ProtobufCBinaryData *data,
                       struct pl_arena *arena)
{
    message->body = body;
    message->content = pl_arena_copy(arena, data->data, data->len);
    message->content_bytes = data->len;
}

static void convert_body(parley_message *ret_message, const Parley__V1__Message *from, struct pl_arena *arena)
{
    ret_message->content = "";
    switch (from->body_case) {
    case PARLEY__V1__MESSAGE__BODY_CONTENT:
        ret_message->body = PARLEY_BODY_TEXT;
        ret_message->content = from->content;
        ret_message->content_bytes = strlen(from->content);
        break;
    case PARLEY__V1__MESSAGE__BODY_ENCRYPTED_CONTENT:
        take_bytes(ret_message, PARLEY_BODY_ENCRYPTED, &from->encrypted_content, arena);
        break;
    case PARLEY__V1__MESSAGE__BODY_DEVICE_PARTS:
        if (from->device_parts->n_parts > 0)
            take_bytes(ret_message, PARLEY_BODY_DEVICE_PART, &from->device_parts->parts[0]->encrypted_content, arena);
        break;
    case PARLEY__V1__MESSAGE__BODY_EVENT:
        ret_message->event = event_of(from->event, arena);
        break;
    default:
        break;
    }
}

static unsigned flags_of(const Parley__V1__Message *message)
{
    unsigned flags = 0;
    for (size_t i = 0; i < message->n_flags; i++)
        if (message->flags[i] > 0 && (unsigned)message->flags[i] <= CHAR_BIT * sizeof flags)
            flags |= 1u << (message->flags[i] - 1);
    return flags;
}

static void convert_reactions(parley_message *ret_message, const Parley__V1__Message *from, struct pl_arena *arena)
{
    parley_reaction_count *reactions = pl_arena_array(arena, parley_reaction_count, from->n_reactions + 1);
    for (size_t i = 0; i < from->n_reactions; i++)
        reactions[i] = (parley_reaction_count){
            .emoji = from->reactions[i]->emoji, .count = from->reactions[i]->count, .mine = from->reactions[i]->mine};
    ret_message->reactions = reactions;
    ret_message->reaction_count = from->n_reactions;
}

void pl_convert_message(parley_message *ret_message, const Parley__V1__Message *message, struct pl_arena *arena)
{
    *ret_message = (parley_message){.message_id = message->message_id,
                                    .chat_id = message->chat_id,
                                    .seq = message->seq,
                                    .prev_message_id = message->prev_message_id,
                                    .sender_id = message->sender_id,
                                    .hidden = message->hidden,
                                    .sender_device_id = message->sender_device_id,
                                    .recipient_id = message->recipient_id,
                                    .message_type = (parley_message_type)message->message_type,
                                    .timestamp_us = pl_convert_time_us(message->timestamp),
                                    .media_id = message->media_id,
                                    .reply_to_message_id = message->reply_to_message_id,
                                    .flags = flags_of(message),
                                    .expires_at_us = pl_convert_time_us(message->expires_at),
                                    .status = (parley_message_status)message->status,
                                    .recipient_count = message->recipient_count,
                                    .delivered_count = message->delivered_count,
                                    .read_count = message->read_count,
                                    .edited_at_us = pl_convert_time_us(message->edited_at),
                                    .deleted_at_us = pl_convert_time_us(message->deleted_at),
                                    .kind = (parley_entry_kind)message->kind,
                                    .target_message_id = message->target_message_id};
    CONVERT_METADATA(ret_message, message, arena);
    convert_reactions(ret_message, message, arena);
    convert_body(ret_message, message, arena);
}

void pl_convert_messages(parley_messages *ret_messages, const Parley__V1__ListMessagesResponse *response,
                         struct pl_arena *arena)
{
    const parley_message **items = pl_arena_array(arena, const parley_message *, response->n_messages + 1);
    for (size_t i = 0; i < response->n_messages; i++) {
        parley_message *message = pl_arena_new(arena, parley_message);
        pl_convert_message(message, response->messages[i], arena);
        items[i] = message;
    }
    *ret_messages =
        (parley_messages){.items = items, .count = response->n_messages, .next_page_token = response->next_page_token};
}

void pl_convert_receipt(parley_receipt *ret_receipt, const Parley__V1__Receipt *receipt)
{
    *ret_receipt = (parley_receipt){.chat_id = receipt->chat_id,
                                    .user_id = receipt->user_id,
                                    .delivered_seq = receipt->delivered_seq,
                                    .read_seq = receipt->read_seq,
                                    .at_us = pl_convert_time_us(receipt->at)};
}

void pl_convert_group_receipt(parley_group_receipt *ret_receipt, const Parley__V1__GroupReceipt *receipt)
{
    *ret_receipt = (parley_group_receipt){.chat_id = receipt->chat_id,
                                          .first_seq = receipt->first_seq,
                                          .last_seq = receipt->last_seq,
                                          .recipient_count = receipt->recipient_count,
                                          .delivered_count = receipt->delivered_count,
                                          .read_count = receipt->read_count,
                                          .status = (parley_message_status)receipt->status};
}
