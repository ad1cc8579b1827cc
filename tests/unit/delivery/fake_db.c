/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Submitting, holding and answering; what the statements say is in fake_statements.c. */
#include "unit/delivery/fake_db.h"

#include <stdlib.h>
#include <string.h>

#include "parley/v1/message_service.pb-c.h"
#include "unit/delivery/fake_statements.h"

void fake_db_init(struct pl_db *db)
{
    memset(db, 0, sizeof(*db));
    db->epoch = id_of('e', 1);
    STAILQ_INIT(&db->waiting);
    STAILQ_INIT(&db->answered);
    STAILQ_INIT(&db->appends);
    STAILQ_INIT(&db->marks);
}

void fake_db_fini(struct pl_db *db)
{
    for (int chat = 0; chat < CHATS_MAX; chat++) {
        for (int64_t i = 0; i < db->chats[chat].last_seq; i++) {
            free((void *)db->chats[chat].entries[i].message.body);
            free((void *)db->chats[chat].entries[i].message.metadata);
        }
    }
}

/* ---- entries ---- */

static void *copy(const void *data, size_t bytes)
{
    if (data == NULL)
        return NULL;
    void *memory = malloc(bytes + 1);
    pl_assert(memory != NULL);
    memcpy(memory, data, bytes);
    return memory;
}

int64_t fake_db_commit_message(struct pl_db *db, int chat, const struct pl_message *message)
{
    struct fake_chat *log = &db->chats[chat];
    pl_assert(log->last_seq < ENTRIES_MAX);
    struct pl_message *entry = &log->entries[log->last_seq].message;
    *entry = *message;
    entry->chat_id = chat_id(chat);
    entry->seq = ++log->last_seq;
    entry->message_id = (struct pl_message_id){pl_uuid_v7()};
    entry->prev_message_id =
        entry->seq > 1 ? log->entries[entry->seq - 2].message.message_id : (struct pl_message_id){{{0}}};
    entry->created_at_us = INT64_C(1700000000000000) + entry->seq;
    entry->body = copy(message->body, message->body_bytes);
    entry->metadata = copy(message->metadata, message->metadata_bytes);
    return entry->seq;
}

int64_t fake_db_commit(struct pl_db *db, int chat, int user, int device, const char *body)
{
    return fake_db_commit_message(db, chat,
                                  &(struct pl_message){.sender_id = user_id(user),
                                                       .sender_device_id = device_id(device),
                                                       .message_type = 1,
                                                       .body_kind = PL_BODY_CONTENT,
                                                       .body = body,
                                                       .body_bytes = strlen(body)});
}

static int64_t commit_event(struct pl_db *db, int chat, const Parley__V1__ChatEvent *event)
{
    uint8_t body[512];
    size_t bytes = parley__v1__chat_event__pack(event, body);
    return fake_db_commit_message(db, chat,
                                  &(struct pl_message){.sender_id = user_id(7),
                                                       .message_type = 6,
                                                       .entry_kind = PL_ENTRY_MEMBERS,
                                                       .body_kind = PL_BODY_EVENT,
                                                       .body = body,
                                                       .body_bytes = bytes});
}

int64_t fake_db_add(struct pl_db *db, int chat, int user)
{
    char id[PL_UUID_TEXT_CHARS + 1];
    struct pl_user_id who = user_id(user);
    Parley__V1__EventMember member = PARLEY__V1__EVENT_MEMBER__INIT;
    Parley__V1__EventMember *members[] = {&member};
    Parley__V1__ChatEvent event = PARLEY__V1__CHAT_EVENT__INIT;
    pl_uuid_format(&who.uuid, id);
    member.user_id = id;
    event.members_added = members;
    event.n_members_added = 1;
    int64_t seq = commit_event(db, chat, &event);
    struct fake_chat *log = &db->chats[chat];
    pl_assert(log->stay_count[user] < STAYS_MAX);
    log->stays[user][log->stay_count[user]++] = (struct fake_stay){.joined_seq = seq};
    log->members |= 1U << user;
    return seq;
}

int64_t fake_db_remove(struct pl_db *db, int chat, int user)
{
    char id[PL_UUID_TEXT_CHARS + 1];
    char *ids[] = {id};
    struct pl_user_id who = user_id(user);
    Parley__V1__ChatEvent event = PARLEY__V1__CHAT_EVENT__INIT;
    pl_uuid_format(&who.uuid, id);
    event.members_removed = ids;
    event.n_members_removed = 1;
    int64_t seq = commit_event(db, chat, &event);
    struct fake_chat *log = &db->chats[chat];
    if (log->stay_count[user] == 0)
        log->stays[user][log->stay_count[user]++] = (struct fake_stay){.joined_seq = 0};
    log->stays[user][log->stay_count[user] - 1].left_seq = seq;
    log->members &= ~(1U << user);
    return seq;
}

void fake_db_publish(struct pl_db *db, int chat, int64_t first, int64_t last)
{
    enum { BATCH_MAX = 512 };
    struct pl_append *batch[BATCH_MAX] = {0};
    unsigned count = 0;
    for (int64_t seq = first; seq <= last; seq++) {
        batch[count] = calloc(1, sizeof(*batch[count]));
        pl_assert(batch[count] != NULL && count < BATCH_MAX);
        batch[count++]->message = db->chats[chat].entries[seq - 1].message;
    }
    db->listener.committed(db->listener.context, batch, count);
    for (unsigned i = 0; i < count; i++)
        free(batch[i]);
}

void fake_db_advanced(struct pl_db *db, int chat, int64_t last_seq)
{
    db->listener.advanced(db->listener.context, chat_id(chat), last_seq);
}

void fake_db_marked(struct pl_db *db, int chat, int user, int64_t delivered_seq, int64_t read_seq)
{
    struct pl_moved moved = {
        .chat_id = chat_id(chat),
        .user_id = user_id(user),
        .delivered_seq = delivered_seq,
        .read_seq = read_seq,
        .at_us = 1700000000000000,
        .delivered_moved = true,
        .read_is_shown = true,
    };
    db->listener.marked(db->listener.context, &moved);
}

/* ---- queries ---- */

static struct pl_query *query_of(struct pl_task *task)
{
    return pl_container_of(task, struct pl_query, task);
}

static enum fake_hold hold_of(const struct pl_db *db, const struct pl_query *query)
{
    return db->holds[query->steps[0].statement];
}

void pl_db_query(struct pl_db *db, struct pl_query *query)
{
    db->queries[query->steps[0].statement]++;
    STAILQ_INSERT_TAIL(&db->waiting, &query->task, next);
}

static void execute(struct pl_db *db, struct pl_query *query)
{
    query->status = db->refusals[query->steps[0].statement];
    for (unsigned i = 0; i < query->count && query->status == PL_OK; i++)
        query->steps[i].rows.result = fake_statement_run(db, query->steps[i].statement, &query->steps[i].params);
}

static void run_home(struct pl_task *task)
{
    struct pl_query *query = query_of(task);
    query->done(query, query->context);
}

static void execute_one(struct pl_db *db, struct pl_task *task)
{
    execute(db, query_of(task));
    STAILQ_INSERT_TAIL(&db->answered, task, next);
}

static void send_one_home(struct pl_db *db, struct pl_task *task)
{
    (void)db;
    task->run = run_home;
    pl_mailbox_post(query_of(task)->home, task);
}

/* Does one step with everything in list that is held by nothing stronger than hold_max. */
static bool step(struct pl_db *db, struct pl_task_list *list, enum fake_hold hold_max,
                 void (*run)(struct pl_db *db, struct pl_task *task))
{
    struct pl_task_list all = STAILQ_HEAD_INITIALIZER(all);
    bool did = false;
    STAILQ_CONCAT(&all, list);
    while (!STAILQ_EMPTY(&all)) {
        struct pl_task *task = STAILQ_FIRST(&all);
        STAILQ_REMOVE_HEAD(&all, next);
        if (hold_of(db, query_of(task)) > hold_max) {
            STAILQ_INSERT_TAIL(list, task, next);
            continue;
        }
        run(db, task);
        did = true;
    }
    return did;
}

/* ---- appends ---- */

static void run_append_home(struct pl_task *task)
{
    struct pl_append *append = pl_container_of(task, struct pl_append, task);
    append->done(append);
}

void pl_db_append(struct pl_db *db, struct pl_append *append)
{
    STAILQ_INSERT_TAIL(&db->appends, &append->task, next);
}

static void store(struct pl_db *db, struct pl_append *append)
{
    int chat = number_of(&append->message.chat_id.uuid);
    int sender = number_of(&append->message.sender_id.uuid);
    if (chat >= CHATS_MAX || !(db->chats[chat].members & 1U << sender)) {
        append->status = PL_NOT_A_MEMBER;
        return;
    }
    int64_t seq = fake_db_commit_message(db, chat, &append->message);
    append->message.seq = seq;
    append->message.created_at_us = db->chats[chat].entries[seq - 1].message.created_at_us;
    if (!db->is_silent)
        fake_db_publish(db, chat, seq, seq);
}

static bool run_appends(struct pl_db *db)
{
    bool did = false;
    while (!db->hold_appends && !STAILQ_EMPTY(&db->appends)) {
        struct pl_task *task = STAILQ_FIRST(&db->appends);
        STAILQ_REMOVE_HEAD(&db->appends, next);
        struct pl_append *append = pl_container_of(task, struct pl_append, task);
        store(db, append);
        task->run = run_append_home;
        pl_mailbox_post(append->home, task);
        did = true;
    }
    return did;
}

/* ---- marks ---- */

static void raise_to(int64_t *value, int64_t seq)
{
    if (*value < seq)
        *value = seq;
}

static void apply(struct pl_db *db, struct pl_mark *mark)
{
    struct fake_chat *chat = &db->chats[number_of(&mark->chat_id.uuid)];
    int user = number_of(&mark->user_id.uuid);
    if (!pl_uuid_is_nil(&mark->device_id.uuid))
        raise_to(&chat->cursors[number_of(&mark->device_id.uuid)], mark->cursor_seq);
    raise_to(&chat->read[user], mark->read_seq);
    raise_to(&chat->delivered[user], mark->cursor_seq > mark->read_seq ? mark->cursor_seq : mark->read_seq);
    mark->ret_delivered_seq = chat->delivered[user];
    mark->ret_read_seq = chat->read[user];
}

static void run_mark_home(struct pl_task *task)
{
    struct pl_mark *mark = pl_container_of(task, struct pl_mark, task);
    mark->done(mark);
}

void pl_db_mark(struct pl_db *db, struct pl_mark *mark)
{
    db->mark_count++;
    if (mark->done == NULL) {
        apply(db, mark);
        free(mark);
        return;
    }
    struct fake_mark *waiting = malloc(sizeof(*waiting));
    pl_assert(waiting != NULL);
    waiting->mark = mark;
    STAILQ_INSERT_TAIL(&db->marks, waiting, next);
}

static bool run_marks(struct pl_db *db)
{
    bool did = false;
    while (!db->hold_marks && !STAILQ_EMPTY(&db->marks)) {
        struct fake_mark *waiting = STAILQ_FIRST(&db->marks);
        STAILQ_REMOVE_HEAD(&db->marks, next);
        apply(db, waiting->mark);
        waiting->mark->task.run = run_mark_home;
        pl_mailbox_post(waiting->mark->home, &waiting->mark->task);
        free(waiting);
        did = true;
    }
    return did;
}

void pl_db_flush_marks(struct pl_db *db)
{
    db->flushes++;
}

struct pl_uuid pl_db_epoch(const struct pl_db *db)
{
    return db->epoch;
}

/* ---- the whole ---- */

bool fake_db_run(struct pl_db *db)
{
    bool did = step(db, &db->waiting, HOLD_AFTER, execute_one);
    did = step(db, &db->answered, HOLD_NOTHING, send_one_home) || did;
    did = run_appends(db) || did;
    return run_marks(db) || did;
}

void fake_db_hold(struct pl_db *db, enum pl_statement statement, enum fake_hold hold)
{
    db->holds[statement] = hold;
}

void fake_db_release_all(struct pl_db *db)
{
    memset(db->holds, 0, sizeof(db->holds));
    db->hold_appends = db->hold_marks = false;
}
