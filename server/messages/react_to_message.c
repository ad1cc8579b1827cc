/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * MessageService.ReactToMessage: a reaction is an entry of its own; the one of the same user before it loses what it
 * said, so that the entries with a body are what stands.
 */
#include <string.h>

#include "base/limits.h"
#include "chats/chat_change.h"
#include "messages/answer.h"
#include "messages/emoji.h"
#include "messages/service.h"
#include "messages/target.h"
#include "rpc/fields.h"
#include "server.h"

enum { READ_REACTIONS = 3 };
enum { COLUMN_OTHERS_HAVE_IT, COLUMN_OTHERS_COUNT, COLUMN_HAS_IT, COLUMN_HAS_ONE };

static void react_to_message(struct pl_call *call, const ProtobufCMessage *message);
static void on_place(struct pl_query *query, void *context);
static enum pl_status decide(struct pl_change *change, struct pl_append *append);
static void reply(struct pl_chat_change *change);

const struct pl_method pl_react_to_message = {
    .path = "/parley.v1.MessageService/ReactToMessage",
    .request_bytes_max = 1024,
    .spends = PL_SPENDS_MESSAGE,
    .handle = react_to_message,
};

/* No emoji is no body. */
static bool take_emoji(struct pl_call *call, const char *emoji, struct pl_message *entry)
{
    if (emoji[0] == '\0')
        return true;
    if (!pl_emoji_valid(emoji)) {
        pl_call_detail(call, "field", "emoji");
        pl_call_fail(call, PL_INVALID_ARGUMENT,
                     "emoji must be 1 to %d bytes without blanks and control characters, and be seen",
                     PL_EMOJI_BYTES_MAX);
        return false;
    }
    entry->body_kind = PL_BODY_CONTENT;
    entry->body_bytes = strlen(emoji);
    entry->body = pl_arena_copy(pl_call_arena(call), emoji, entry->body_bytes);
    return true;
}

static void react_to_message(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ReactToMessageRequest *request = (const Parley__V1__ReactToMessageRequest *)message;
    struct pl_chat_change *change = pl_arena_new(pl_call_arena(call), struct pl_chat_change);
    struct pl_message *entry = &change->append.message;
    change->call = call;
    if (!pl_field_take_uuid(call, "message_id", request->message_id, &entry->target_message_id.uuid) ||
        !take_emoji(call, request->emoji, entry))
        return;
    struct pl_query *query = pl_server_query(call, on_place, change);
    struct pl_params *place = pl_query_add(query, PL_STATEMENT_MESSAGE_PLACE);
    pl_params_uuid(place, &entry->target_message_id.uuid);
    pl_params_uuid(place, &pl_call_principal(call)->user_id.uuid);
    pl_server_submit(call, query);
}

static void ask_reactions(struct pl_chat_change *change)
{
    const struct pl_message *entry = &change->append.message;
    pl_assert(change->change.read_count == READ_REACTIONS);
    struct pl_params *params = pl_change_read(&change->change, PL_STATEMENT_CHANGE_REACTIONS);
    pl_params_uuid(params, &entry->chat_id.uuid);
    pl_params_uuid(params, &entry->target_message_id.uuid);
    pl_params_uuid(params, &entry->sender_id.uuid);
    pl_params_bytes(params, entry->body, entry->body_bytes);
}

static void on_place(struct pl_query *query, void *context)
{
    struct pl_chat_change *change = context;
    if (!pl_target_take_place(change, query, PL_ENTRY_REACTION, decide))
        return;
    /* Whoever asks, who reacts is a member. */
    change->change.any_sender = false;
    pl_target_ask(change);
    ask_reactions(change);
    pl_chat_change_submit(change, reply);
}

/* The message has room for one emoji more, or needs none. */
static bool has_room(const struct pl_rows *reactions)
{
    return pl_rows_bool(reactions, 0, COLUMN_OTHERS_HAVE_IT) ||
           pl_rows_int(reactions, 0, COLUMN_OTHERS_COUNT) < PL_REACTION_EMOJIS_MAX;
}

static void write_reaction(struct pl_change *change, const struct pl_message *entry, int64_t target_seq)
{
    struct pl_params *over = pl_change_write(change, PL_STATEMENT_CHANGE_REACTION_OVER);
    pl_params_uuid(over, &entry->chat_id.uuid);
    pl_params_uuid(over, &entry->target_message_id.uuid);
    pl_params_uuid(over, &entry->sender_id.uuid);
    pl_params_int64(over, entry->seq);
    if (entry->body_bytes == 0)
        return;
    struct pl_params *reacted = pl_change_write(change, PL_STATEMENT_CHANGE_REACTED);
    pl_params_uuid(reacted, &entry->chat_id.uuid);
    pl_params_int64(reacted, target_seq);
    pl_params_int16(reacted, PL_FLAG_REACTED);
}

static enum pl_status decide(struct pl_change *change, struct pl_append *append)
{
    struct pl_chat_change *base = pl_chat_change_of(change);
    const struct pl_message *entry = &append->message;
    const struct pl_rows *reactions = &change->reads[READ_REACTIONS].rows;
    struct pl_target target;
    enum pl_status status = pl_target_take(base, &target);
    if (status != PL_OK)
        return status;
    if (target.is_deleted)
        return pl_chat_change_refuse(base, PL_FAILED_PRECONDITION, "the message is deleted");
    if (target.is_expired)
        return pl_chat_change_refuse(base, PL_FAILED_PRECONDITION, "the message is expired");
    change->is_needless =
        entry->body_bytes > 0 ? pl_rows_bool(reactions, 0, COLUMN_HAS_IT) : !pl_rows_bool(reactions, 0, COLUMN_HAS_ONE);
    if (change->is_needless)
        return PL_OK;
    if (entry->body_bytes > 0 && !has_room(reactions))
        return pl_chat_change_refuse(
            base, PL_FAILED_PRECONDITION,
            pl_arena_printf(change->arena, "the message has %d different emojis already", PL_REACTION_EMOJIS_MAX));
    write_reaction(change, entry, target.seq);
    return PL_OK;
}

static void reply(struct pl_chat_change *change)
{
    pl_message_answer(change->call, &change->append.message.target_message_id);
}
