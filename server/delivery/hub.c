/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The hub's door: what other threads say is turned into mail for the loop that the chat or the user belongs to.
 */
#include "delivery/hub.h"

#include <stdlib.h>

#include "delivery/presence.h"
#include "delivery/shard.h"
#include "delivery/typing.h"
#include "delivery/watch.h"
#include "rpc/rpc.h"
#include "server.h"

struct pl_shard *pl_hub_chat_shard(struct pl_hub *hub, const struct pl_chat_id *chat)
{
    return &hub->shards[pl_uuid_hash(&chat->uuid) % hub->shard_count];
}

struct pl_shard *pl_hub_user_shard(struct pl_hub *hub, const struct pl_user_id *user)
{
    return &hub->shards[pl_uuid_hash(&user->uuid) % hub->shard_count];
}

struct pl_hub *pl_hub_new(struct pl_server *server)
{
    unsigned count = pl_rpc_loop_count(server->rpc);
    struct pl_hub *hub = calloc(1, sizeof(*hub) + count * sizeof(hub->shards[0]));
    pl_assert(hub != NULL);
    hub->server = server;
    pthread_mutex_init(&hub->lock, NULL);
    pthread_cond_init(&hub->emptied, NULL);
    hub->shard_count = count;
    for (unsigned i = 0; i < count; i++) {
        hub->shards[i].hub = hub;
        hub->shards[i].loop = pl_rpc_loop(server->rpc, i);
        hub->shards[i].guard_timer.run = pl_shard_inquire;
        TAILQ_INIT(&hub->shards[i].guarded);
        pl_shard_init_presence(&hub->shards[i]);
        pl_shard_init_watches(&hub->shards[i]);
        TAILQ_INIT(&hub->shards[i].wanting_list);
        TAILQ_INIT(&hub->shards[i].wanting_heads);
    }
    return hub;
}

void pl_hub_free(struct pl_hub *hub)
{
    for (unsigned i = 0; i < hub->shard_count; i++) {
        pl_assert(hub->shards[i].chats == NULL && hub->shards[i].users == NULL);
        pl_shard_fini_presence(&hub->shards[i]);
    }
    pthread_cond_destroy(&hub->emptied);
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}

void pl_hub_count_session(struct pl_hub *hub, int change)
{
    pthread_mutex_lock(&hub->lock);
    hub->session_count += (unsigned)change;
    if (hub->session_count == 0)
        pthread_cond_broadcast(&hub->emptied);
    pthread_mutex_unlock(&hub->lock);
}

void pl_hub_await_empty(struct pl_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    while (hub->session_count > 0)
        pthread_cond_wait(&hub->emptied, &hub->lock);
    pthread_mutex_unlock(&hub->lock);
}

/* ---- committed entries ---- */

static void run_publish(struct pl_task *task)
{
    struct pl_entry *entry = pl_container_of(task, struct pl_entry, task);
    pl_chat_record_publish(entry->owner, entry);
}

/* Sessions of users who are new in a chat do not follow it yet. */
static void tell_added(struct pl_hub *hub, const struct pl_entry *entry)
{
    const struct pl_user_id *users = NULL;
    size_t count = pl_entry_added(entry, &users);
    for (size_t i = 0; i < count; i++)
        pl_hub_joined(hub, users[i], entry->chat_id);
}

static void committed(void *context, struct pl_append *const *appends, unsigned count)
{
    struct pl_hub *hub = context;
    struct pl_task_list *lists = malloc(hub->shard_count * sizeof(*lists));
    pl_assert(lists != NULL);
    for (unsigned i = 0; i < hub->shard_count; i++)
        STAILQ_INIT(&lists[i]);
    for (unsigned i = 0; i < count; i++) {
        struct pl_entry *entry = pl_entry_new(&appends[i]->message);
        struct pl_shard *shard = pl_hub_chat_shard(hub, &entry->chat_id);
        tell_added(hub, entry);
        entry->accepted_us = appends[i]->submitted_us;
        entry->owner = shard;
        entry->task.run = run_publish;
        STAILQ_INSERT_TAIL(&lists[shard - hub->shards], &entry->task, next);
    }
    for (unsigned i = 0; i < hub->shard_count; i++)
        if (!STAILQ_EMPTY(&lists[i]))
            pl_mailbox_post_list(&hub->shards[i].loop->mailbox, &lists[i]);
    free(lists);
}

/* ---- everything else: small notes ---- */

enum note_kind { NOTE_ADVANCED, NOTE_JOINED, NOTE_MARKED, NOTE_BLOCK_CHANGED, NOTE_AUDIENCE_CHANGED };

struct note {
    struct pl_task task;
    enum note_kind kind;
    struct pl_shard *shard;
    struct pl_chat_id chat_id;
    int64_t last_seq;
    struct pl_receipt receipt; /* user_id also says who joined */
};

static void run_note(struct pl_task *task)
{
    struct note *note = pl_container_of(task, struct note, task);
    switch (note->kind) {
    case NOTE_ADVANCED:
        pl_chat_record_advance(note->shard, &note->chat_id, note->last_seq);
        break;
    case NOTE_JOINED:
        pl_user_record_joined(note->shard, &note->receipt.user_id, &note->chat_id);
        break;
    case NOTE_MARKED:
        pl_chat_record_tell(note->shard, &note->chat_id, &note->receipt);
        break;
    case NOTE_BLOCK_CHANGED:
        pl_chat_record_forget_block(note->shard, &note->chat_id);
        break;
    case NOTE_AUDIENCE_CHANGED:
        pl_user_record_check_watches(note->shard, &note->receipt.user_id);
        break;
    }
    free(note);
}

static void post_note(const struct note *content)
{
    struct note *note = malloc(sizeof(*note));
    pl_assert(note != NULL);
    *note = *content;
    note->task.run = run_note;
    pl_mailbox_post(&note->shard->loop->mailbox, &note->task);
}

static void advanced(void *context, struct pl_chat_id chat, int64_t last_seq)
{
    post_note(&(struct note){
        .kind = NOTE_ADVANCED, .shard = pl_hub_chat_shard(context, &chat), .chat_id = chat, .last_seq = last_seq});
}

static void joined(void *context, struct pl_user_id user, struct pl_chat_id chat)
{
    pl_hub_joined(context, user, chat);
}

void pl_hub_joined(struct pl_hub *hub, struct pl_user_id user, struct pl_chat_id chat)
{
    post_note(&(struct note){
        .kind = NOTE_JOINED, .shard = pl_hub_user_shard(hub, &user), .chat_id = chat, .receipt = {.user_id = user}});
}

void pl_hub_block_changed(struct pl_hub *hub, struct pl_chat_id chat)
{
    post_note(&(struct note){.kind = NOTE_BLOCK_CHANGED, .shard = pl_hub_chat_shard(hub, &chat), .chat_id = chat});
}

void pl_hub_audience_changed(struct pl_hub *hub, struct pl_user_id user)
{
    post_note(&(struct note){
        .kind = NOTE_AUDIENCE_CHANGED, .shard = pl_hub_user_shard(hub, &user), .receipt = {.user_id = user}});
}

static void marked(void *context, const struct pl_moved *moved)
{
    if (!moved->read_is_shown && !moved->delivered_moved)
        return;
    post_note(&(struct note){
        .kind = NOTE_MARKED,
        .shard = pl_hub_chat_shard(context, &moved->chat_id),
        .chat_id = moved->chat_id,
        .receipt = {moved->user_id, moved->delivered_seq, moved->read_is_shown ? moved->read_seq : 0, moved->at_us}});
}

static void turned(void *context)
{
    const struct pl_hub *hub = context;
    pl_rpc_tell_health(hub->server->rpc);
}

struct pl_db_listener pl_hub_listener(struct pl_hub *hub)
{
    return (struct pl_db_listener){.context = hub,
                                   .committed = committed,
                                   .advanced = advanced,
                                   .joined = joined,
                                   .marked = marked,
                                   .turned = turned};
}

/* ---- drain ---- */

static void run_drain(struct pl_task *task)
{
    struct pl_shard *shard = pl_container_of(task, struct pl_shard, drain_task);
    shard->draining = true;
    pl_shard_drain_presence(shard);
    pl_user_records_drain(shard);
}

void pl_hub_drain(struct pl_hub *hub)
{
    for (unsigned i = 0; i < hub->shard_count; i++) {
        hub->shards[i].drain_task.run = run_drain;
        pl_mailbox_post(&hub->shards[i].loop->mailbox, &hub->shards[i].drain_task);
    }
}
