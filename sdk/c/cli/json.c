/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What scripts see. */
#include "sdk/c/cli/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *word(const char *const *words, unsigned count, int value)
{
    return (unsigned)value < count ? words[value] : "";
}

const char *pl_json_status_word(parley_message_status status)
{
    static const char *const words[] = {"", "sent", "delivered", "read", "expired"};
    return word(words, 5, (int)status);
}

static const char *type_word(parley_message_type type)
{
    static const char *const words[] = {"", "text", "image", "video", "audio", "document", "system"};
    return word(words, 7, (int)type);
}

static const char *chat_type_word(parley_chat_type type)
{
    static const char *const words[] = {"", "individual", "group"};
    return word(words, 3, (int)type);
}

const char *pl_json_role_word(parley_role role)
{
    static const char *const words[] = {"", "owner", "admin", "member"};
    return word(words, 4, (int)role);
}

static const char *kind_word(parley_entry_kind kind)
{
    static const char *const words[] = {"", "message", "members", "settings", "edit", "delete", "account", "reaction"};
    return word(words, 8, (int)kind);
}

json_t *pl_json_time(int64_t time_us)
{
    char seconds[32] = "";
    struct tm parts;
    time_t whole = (time_t)(time_us / 1000000);
    if (time_us <= 0 || gmtime_r(&whole, &parts) == NULL)
        return json_null();
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &parts);
    return json_sprintf("%s.%06dZ", seconds, (int)(time_us % 1000000));
}

static json_t *metadata_object(const parley_metadata *metadata, size_t count)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_set_new(object, metadata[i].key, json_string(metadata[i].value));
    return object;
}

static char base64_digit(unsigned value)
{
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[value & 63];
}

static json_t *base64(const unsigned char *data, size_t bytes)
{
    char *text = malloc(bytes / 3 * 4 + 5);
    size_t used = 0;
    json_t *string;
    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < bytes; i += 3) {
        size_t left = bytes - i;
        unsigned bits =
            (unsigned)data[i] << 16 | (left > 1 ? (unsigned)data[i + 1] << 8 : 0) | (left > 2 ? data[i + 2] : 0);
        text[used++] = base64_digit(bits >> 18);
        text[used++] = base64_digit(bits >> 12);
        text[used++] = left > 1 ? base64_digit(bits >> 6) : '=';
        text[used++] = left > 2 ? base64_digit(bits) : '=';
    }
    string = json_stringn(text, used);
    free(text);
    return string;
}

static void put_time(json_t *object, const char *name, int64_t time_us)
{
    if (time_us > 0)
        json_object_set_new(object, name, pl_json_time(time_us));
}

static json_t *flags_array(unsigned flags)
{
    static const char *const words[] = {"countable", "urgent", "ephemeral"};
    json_t *array = json_array();
    for (unsigned i = 0; i < 3; i++)
        if ((flags & 1u << i) != 0)
            json_array_append_new(array, json_string(words[i]));
    return array;
}

static json_t *reactions_array(const parley_message *message)
{
    json_t *array = json_array();
    for (size_t i = 0; i < message->reaction_count; i++)
        json_array_append_new(array, json_pack("{s:s, s:i, s:b}", "emoji", message->reactions[i].emoji, "count",
                                               message->reactions[i].count, "mine", message->reactions[i].mine));
    return array;
}

json_t *pl_json_message(const parley_message *message)
{
    json_t *object = json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "message_id", message->message_id,
                               "chat_id", message->chat_id, "seq", (json_int_t)message->seq, "prev_message_id",
                               message->prev_message_id, "sender_id", message->sender_id, "sender_device_id",
                               message->sender_device_id, "recipient_id", message->recipient_id, "message_type",
                               type_word(message->message_type), "timestamp", pl_json_time(message->timestamp_us),
                               "metadata", metadata_object(message->metadata, message->metadata_count));
    if (message->body == PARLEY_BODY_TEXT)
        json_object_set_new(object, "content", json_stringn(message->content, message->content_bytes));
    else if (message->body != PARLEY_BODY_NONE)
        json_object_set_new(object, "encrypted_content", base64(message->content, message->content_bytes));
    json_object_set_new(object, "flags", flags_array(message->flags));
    if (message->media_id[0] != '\0')
        json_object_set_new(object, "media_id", json_string(message->media_id));
    if (message->reply_to_message_id[0] != '\0')
        json_object_set_new(object, "reply_to_message_id", json_string(message->reply_to_message_id));
    if (message->kind > PARLEY_ENTRY_MESSAGE)
        json_object_set_new(object, "kind", json_string(kind_word(message->kind)));
    if (message->target_message_id[0] != '\0')
        json_object_set_new(object, "target_message_id", json_string(message->target_message_id));
    put_time(object, "edited_at", message->edited_at_us);
    put_time(object, "deleted_at", message->deleted_at_us);
    if (message->hidden)
        json_object_set_new(object, "hidden", json_true());
    if (message->reaction_count > 0)
        json_object_set_new(object, "reactions", reactions_array(message));
    put_time(object, "expires_at", message->expires_at_us);
    if (message->status != PARLEY_MESSAGE_STATUS_UNSPECIFIED) {
        json_object_set_new(object, "status", json_string(pl_json_status_word(message->status)));
        json_object_set_new(object, "recipient_count", json_integer(message->recipient_count));
        json_object_set_new(object, "delivered_count", json_integer(message->delivered_count));
        json_object_set_new(object, "read_count", json_integer(message->read_count));
    }
    return object;
}

json_t *pl_json_receipt(const parley_receipt *receipt)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:I}", "event", "receipt", "chat_id", receipt->chat_id, "user_id",
                     receipt->user_id, "delivered_seq", (json_int_t)receipt->delivered_seq, "read_seq",
                     (json_int_t)receipt->read_seq);
}

json_t *pl_json_group_receipt(const parley_group_receipt *receipt)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:i, s:i, s:i, s:s}", "event", "group_receipt", "chat_id", receipt->chat_id,
                     "first_seq", (json_int_t)receipt->first_seq, "last_seq", (json_int_t)receipt->last_seq,
                     "recipient_count", receipt->recipient_count, "delivered_count", receipt->delivered_count,
                     "read_count", receipt->read_count, "status", pl_json_status_word(receipt->status));
}

json_t *pl_json_participant(const parley_participant *participant)
{
    return json_pack("{s:s, s:s, s:o, s:I, s:I}", "user_id", participant->user_id, "role",
                     pl_json_role_word(participant->role), "joined_at", pl_json_time(participant->joined_at_us),
                     "last_delivered_seq", (json_int_t)participant->last_delivered_seq, "last_read_seq",
                     (json_int_t)participant->last_read_seq);
}

static json_t *participants_array(const parley_chat *chat)
{
    json_t *array = json_array();
    for (size_t i = 0; i < chat->participants_listed; i++)
        json_array_append_new(array, pl_json_participant(chat->participants[i]));
    return array;
}

static const char *join_policy_word(parley_join_policy policy)
{
    static const char *const words[] = {"", "invite", "open", "api_key"};
    return word(words, 4, (int)policy);
}

static const char *history_word(parley_history history)
{
    static const char *const words[] = {"", "none", "all"};
    return word(words, 3, (int)history);
}

static const char *read_receipts_word(parley_read_receipts receipts)
{
    static const char *const words[] = {"", "on", "off"};
    return word(words, 3, (int)receipts);
}

json_t *pl_json_chat(const parley_chat *chat)
{
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:I}", "chat_id", chat->chat_id, "chat_type",
        chat_type_word(chat->chat_type), "name", chat->name, "description", chat->description, "participant_count",
        chat->participant_count, "participants", participants_array(chat), "metadata",
        metadata_object(chat->metadata, chat->metadata_count), "created_at", pl_json_time(chat->created_at_us),
        "last_message_at", pl_json_time(chat->last_message_at_us), "last_seq", (json_int_t)chat->last_seq);
    json_object_set_new(object, "unread_count", json_integer(chat->unread_count));
    if (chat->chat_type != PARLEY_CHAT_GROUP) {
        json_object_set_new(object, "settings", json_pack("{s:i}", "message_ttl", chat->message_ttl));
        return object;
    }
    json_object_set_new(object, "avatar_media_id", json_string(chat->avatar_media_id));
    json_object_set_new(
        object, "settings",
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "join_policy", join_policy_word(chat->join_policy),
                  "history_for_new", history_word(chat->history_for_new), "who_may_send",
                  pl_json_role_word(chat->who_may_send), "who_may_add", pl_json_role_word(chat->who_may_add),
                  "who_may_edit", pl_json_role_word(chat->who_may_edit), "read_receipts",
                  read_receipts_word(chat->read_receipts), "message_ttl", chat->message_ttl));
    json_object_set_new(object, "etag", json_string(chat->etag));
    return object;
}

json_t *pl_json_user(const parley_user *user)
{
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "user_id", user->user_id, "username", user->username,
                  "phone_number", user->phone_number, "display_name", user->display_name, "about", user->about,
                  "avatar_url", user->avatar_url, "metadata", metadata_object(user->metadata, user->metadata_count),
                  "created_at", pl_json_time(user->created_at_us));
    put_time(object, "deactivated_at", user->deactivated_at_us);
    put_time(object, "deleted_at", user->deleted_at_us);
    if (user->read_receipts != PARLEY_READ_RECEIPTS_UNSPECIFIED)
        json_object_set_new(object, "settings",
                            json_pack("{s:s, s:s}", "read_receipts", read_receipts_word(user->read_receipts),
                                      "presence",
                                      user->presence == PARLEY_PRESENCE_AUDIENCE_NOBODY ? "nobody" : "chats"));
    return object;
}

json_t *pl_json_presence(const parley_presence *presence)
{
    json_t *object = json_pack("{s:s, s:b}", "user_id", presence->user_id, "online", presence->online);
    put_time(object, "last_seen", presence->last_seen_us);
    return object;
}

json_t *pl_json_device(const parley_device *device)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:o}", "device_id", device->device_id, "user_id", device->user_id,
                               "name", device->name, "created_at", pl_json_time(device->created_at_us));
    put_time(object, "revoked_at", device->revoked_at_us);
    return object;
}

json_t *pl_json_block(const parley_block *block)
{
    return json_pack("{s:s, s:o}", "blocked_user_id", block->blocked_user_id, "created_at",
                     pl_json_time(block->created_at_us));
}

json_t *pl_json_api_key(const parley_api_key *key)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:o}", "key_id", key->key_id, "app_id", key->app_id, "name", key->name,
                               "created_at", pl_json_time(key->created_at_us));
    put_time(object, "revoked_at", key->revoked_at_us);
    put_time(object, "previous_secret_until", key->previous_secret_until_us);
    if (key->secret[0] != '\0')
        json_object_set_new(object, "secret", json_string(key->secret));
    return object;
}

void pl_json_print(json_t *object)
{
    flockfile(stdout);
    json_dumpf(object, stdout, JSON_COMPACT);
    putc_unlocked('\n', stdout);
    fflush(stdout);
    funlockfile(stdout);
    json_decref(object);
}
