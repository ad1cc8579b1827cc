/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "unit/delivery/fake_statements.h"

#include <endian.h>
#include <libpq-fe.h>
#include <string.h>

#include "db/pg_time.h"

enum { COLUMNS_MAX = 21, ARRAY_HEADER_BYTES = 20, ARRAY_UUID_BYTES = 20, PAGE_BYTES_MAX = 262144, ANYBODY = -1 };

/* ---- rows ---- */

static PGresult *result_new(int columns)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    static char name[] = "column";
    PGresAttDesc names[COLUMNS_MAX];
    memset(names, 0, sizeof(names));
    for (int i = 0; i < columns; i++)
        names[i] = (PGresAttDesc){.name = name, .format = 1};
    pl_assert(result != NULL && PQsetResultAttrs(result, columns, names));
    return result;
}

static void put(PGresult *result, int row, int column, const void *value, size_t bytes)
{
    pl_assert(PQsetvalue(result, row, column, (char *)(uintptr_t)value, value == NULL ? -1 : (int)bytes));
}

static void put_uuid(PGresult *result, int row, int column, const struct pl_uuid *uuid)
{
    put(result, row, column, pl_uuid_is_nil(uuid) ? NULL : uuid->bytes, sizeof(uuid->bytes));
}

static void put_int(PGresult *result, int row, int column, int64_t value)
{
    uint64_t big = htobe64((uint64_t)value);
    put(result, row, column, &big, sizeof(big));
}

/* ---- parameters ---- */

static struct pl_uuid param_uuid(const struct pl_params *params, int index)
{
    struct pl_uuid uuid;
    pl_assert(params->lengths[index] == (int)sizeof(uuid.bytes));
    memcpy(uuid.bytes, params->values[index], sizeof(uuid.bytes));
    return uuid;
}

static int param_number(const struct pl_params *params, int index)
{
    struct pl_uuid uuid = param_uuid(params, index);
    return number_of(&uuid);
}

static int64_t param_int64(const struct pl_params *params, int index)
{
    uint64_t big;
    pl_assert(params->lengths[index] == (int)sizeof(big));
    memcpy(&big, params->values[index], sizeof(big));
    return (int64_t)be64toh(big);
}

static int param_int32(const struct pl_params *params, int index)
{
    uint32_t big;
    pl_assert(params->lengths[index] == (int)sizeof(big));
    memcpy(&big, params->values[index], sizeof(big));
    return (int)be32toh(big);
}

static int array_count(const struct pl_params *params, int index)
{
    return (params->lengths[index] - ARRAY_HEADER_BYTES) / ARRAY_UUID_BYTES;
}

/* The number of each id in an array is its last byte. */
static int array_number(const struct pl_params *params, int index, int element)
{
    return (uint8_t)params->values[index][ARRAY_HEADER_BYTES + (element + 1) * ARRAY_UUID_BYTES - 1];
}

/* ---- statements ---- */

static PGresult *session_chats(const struct pl_db *db, const struct pl_params *params)
{
    PGresult *result = result_new(2);
    int count = array_count(params, 0);
    int row = 0;
    for (int i = 0; i < count * CHATS_MAX; i++) {
        const struct fake_chat *chat = &db->chats[i % CHATS_MAX];
        struct pl_uuid id = chat_id(i % CHATS_MAX).uuid;
        int user = array_number(params, 0, i / CHATS_MAX);
        int device = array_number(params, 1, i / CHATS_MAX);
        unsigned stays = chat->stay_count[user];
        bool has_left = stays > 0 && chat->stays[user][stays - 1].left_seq > chat->cursors[device];
        if (!(chat->members & 1U << user) && !has_left)
            continue;
        put_int(result, row, 0, i / CHATS_MAX + 1);
        put_uuid(result, row++, 1, &id);
    }
    return result;
}

static void put_peer(const struct fake_chat *chat, int user, PGresult *result, int row)
{
    for (int column = 4; column < 7; column++)
        put(result, row, column, NULL, 0);
    for (int other = 0; other < USERS_MAX; other++) {
        struct pl_uuid id = user_id(other).uuid;
        if (other == user || chat->delivered[other] == 0)
            continue;
        put_uuid(result, row, 4, &id);
        put_int(result, row, 5, chat->delivered[other]);
        put_int(result, row, 6, chat->read[other]);
    }
}

/* In the wrong order, because a database promises none. */
static PGresult *session_heads(const struct pl_db *db, const struct pl_params *params)
{
    PGresult *result = result_new(7);
    int row = 0;
    for (int i = array_count(params, 0) - 1; i >= 0; i--, row++) {
        const struct fake_chat *chat = &db->chats[array_number(params, 0, i)];
        int user = array_number(params, 1, i);
        unsigned stays = chat->stay_count[user];
        int64_t first = stays > 0 && chat->stays[user][0].joined_seq > 0 ? chat->stays[user][0].joined_seq - 1 : 0;
        int64_t cursor = chat->cursors[array_number(params, 2, i)];
        put_int(result, row, 0, i + 1);
        put_int(result, row, 1, chat->last_seq);
        if (stays == 0 && !(chat->members & 1U << user))
            put(result, row, 2, NULL, 0);
        else
            put_int(result, row, 2, stays > 0 ? chat->stays[user][stays - 1].left_seq : 0);
        put_int(result, row, 3, cursor > first ? cursor : first);
        put_peer(chat, user, result, row);
        if (is_group(array_number(params, 0, i)))
            put(result, row, 4, NULL, 0);
    }
    return result;
}

static void put_message(const struct pl_message *message, PGresult *result, int row)
{
    put_uuid(result, row, 0, &message->chat_id.uuid);
    put_int(result, row, 1, message->seq);
    put_uuid(result, row, 2, &message->message_id.uuid);
    put_uuid(result, row, 3, &message->prev_message_id.uuid);
    put_uuid(result, row, 4, &message->sender_id.uuid);
    put_uuid(result, row, 5, &message->sender_device_id.uuid);
    put_uuid(result, row, 6, &message->recipient_id.uuid);
    put_int(result, row, 7, message->message_type);
    put_int(result, row, 8, message->body_kind);
    put(result, row, 9, message->body, message->body_bytes);
    put_uuid(result, row, 10, &message->media_id.uuid);
    put_uuid(result, row, 11, &message->reply_to_message_id.uuid);
    put(result, row, 12, message->metadata, message->metadata_bytes);
    put_int(result, row, 13, message->created_at_us - PL_PG_EPOCH_US);
    put_int(result, row, 14, message->entry_kind == 0 ? PL_ENTRY_MESSAGE : message->entry_kind);
    put_uuid(result, row, 15, &message->target_message_id.uuid);
    put(result, row, 16, NULL, 0);
    put(result, row, 17, NULL, 0);
    put_int(result, row, 18, message->flags);
}

bool fake_chat_shows(const struct fake_chat *chat, int user, int64_t seq)
{
    if (user == ANYBODY || chat->stay_count[user] == 0)
        return user == ANYBODY || chat->members & 1U << user;
    for (unsigned i = 0; i < chat->stay_count[user]; i++) {
        const struct fake_stay *stay = &chat->stays[user][i];
        if (seq >= stay->joined_seq && (stay->left_seq == 0 || seq <= stay->left_seq))
            return true;
    }
    return false;
}

static PGresult *page(const struct fake_chat *chat, int user, int64_t after_seq, int limit)
{
    PGresult *result = result_new(COLUMNS_MAX);
    size_t bytes = 0;
    int row = 0;
    for (int64_t seq = after_seq + 1; seq <= chat->last_seq && row < limit && bytes < PAGE_BYTES_MAX; seq++) {
        bool is_gone = seq < chat->first_seq && chat->entries[seq - 1].message.entry_kind <= PL_ENTRY_MESSAGE;
        if (!fake_chat_shows(chat, user, seq) || is_gone)
            continue;
        put_message(&chat->entries[seq - 1].message, result, row++);
        bytes += chat->entries[seq - 1].message.body_bytes;
    }
    return result;
}

static PGresult *session_page(const struct pl_db *db, const struct pl_params *params)
{
    const struct fake_chat *chat = &db->chats[param_number(params, 0)];
    PGresult *result = page(chat, param_number(params, 1), param_int64(params, 2), param_int32(params, 3));
    for (int column = 0; PQntuples(result) == 0 && column < COLUMNS_MAX; column++)
        put(result, 0, column, NULL, 0);
    for (int row = 0; row < PQntuples(result); row++)
        put_int(result, row, 20, chat->first_seq);
    return result;
}

static PGresult *sessions_revoked(const struct pl_db *db, const struct pl_params *params)
{
    PGresult *result = result_new(3);
    int count = array_count(params, 1);
    int row = 0;
    for (int i = 0; i < count; i++) {
        bool user_is_good = !(db->deactivated_users & 1U << array_number(params, 0, i));
        int device = array_number(params, 1, i);
        bool device_is_good = device >= REVOKABLE_MAX || !(db->revoked_devices & 1U << device);
        if (user_is_good && device_is_good && !(db->revoked_keys & 1U << array_number(params, 2, i)))
            continue;
        put_int(result, row, 0, i + 1);
        put(result, row, 1, device_is_good ? "\0" : "\1", 1);
        put(result, row++, 2, user_is_good ? "\0" : "\1", 1);
    }
    return result;
}

static int put_stays(const struct fake_chat *chat, int user, PGresult *result, int row)
{
    struct fake_stay whole = {0};
    unsigned count = chat->stay_count[user];
    const struct fake_stay *stays = count > 0 ? chat->stays[user] : &whole;
    if (count == 0 && chat->members & 1U << user)
        count = 1;
    for (unsigned i = 0; i < count; i++) {
        struct pl_uuid id = user_id(user).uuid;
        put_uuid(result, row, 0, &id);
        put_int(result, row, 1, stays[i].joined_seq);
        put_int(result, row, 2, stays[i].left_seq > 0 ? stays[i].left_seq : INT64_MAX);
        put_int(result, row, 3, chat->delivered[user]);
        put_int(result, row++, 4, chat->read[user]);
    }
    return row;
}

static PGresult *chat_watermarks(const struct fake_chat *chat)
{
    PGresult *result = result_new(5);
    int row = 0;
    for (int user = 0; user < USERS_MAX; user++)
        row = put_stays(chat, user, result, row);
    return result;
}

static PGresult *chat_senders(const struct fake_chat *chat)
{
    PGresult *result = result_new(2);
    int row = 0;
    for (int64_t seq = chat->last_seq > 256 ? chat->last_seq - 255 : 1; seq <= chat->last_seq; seq++) {
        const struct pl_message *message = &chat->entries[seq - 1].message;
        if (message->entry_kind > PL_ENTRY_MESSAGE)
            continue;
        put_int(result, row, 0, seq);
        put_uuid(result, row++, 1, &message->sender_id.uuid);
    }
    return result;
}

static PGresult *presences_shown(const struct pl_db *db, const struct pl_params *params)
{
    PGresult *result = result_new(2);
    int row = 0;
    for (int i = 0; i < array_count(params, 0); i++) {
        if (db->hidden_users & 1U << array_number(params, 0, i))
            continue;
        put_int(result, row, 0, i + 1);
        put(result, row++, 1, NULL, 0);
    }
    return result;
}

static PGresult *chat_is_blocked(const struct pl_db *db, int chat)
{
    PGresult *result = result_new(1);
    put(result, 0, 0, db->blocked_chats & 1U << chat ? "\1" : "\0", 1);
    return result;
}

struct pg_result *fake_statement_run(const struct pl_db *db, enum pl_statement statement,
                                     const struct pl_params *params)
{
    switch (statement) {
    case PL_STATEMENT_SESSION_CHATS:
        return session_chats(db, params);
    case PL_STATEMENT_SESSION_HEADS:
        return session_heads(db, params);
    case PL_STATEMENT_SESSION_PAGE:
        return session_page(db, params);
    case PL_STATEMENT_HUB_PAGE:
        return page(&db->chats[param_number(params, 0)], ANYBODY, param_int64(params, 1), param_int32(params, 2));
    case PL_STATEMENT_CHAT_WATERMARKS:
        return chat_watermarks(&db->chats[param_number(params, 0)]);
    case PL_STATEMENT_CHAT_SENDERS:
        return chat_senders(&db->chats[param_number(params, 0)]);
    case PL_STATEMENT_PRESENCES_SHOWN:
        return presences_shown(db, params);
    case PL_STATEMENT_LAST_SEEN_SAVE:
        return result_new(1);
    case PL_STATEMENT_CHAT_IS_BLOCKED:
        return chat_is_blocked(db, param_number(params, 0));
    case PL_STATEMENT_SESSIONS_REVOKED:
        return sessions_revoked(db, params);
    case PL_STATEMENT_APPS_QUOTAS:
        return result_new(0);
    default:
        pl_assert(!"no statement of delivery");
    }
    return NULL;
}
