/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * An entry of a chat's log on its way to devices: serialised once as parley.v1.Message, shared by every stream that it
 * goes to. Counted; immutable after pl_entry_new, so that any thread may hold and write it.
 *
 * Of an entry that expires it also has what is left of it then, which is what devices get from that moment on.
 *
 * Of an entry that changes who is in its chat it also knows the users that it adds and removes, for the hub, which
 * changes its lists at exactly this entry.
 */
#ifndef PL_DELIVERY_ENTRY_H
#define PL_DELIVERY_ENTRY_H

#include "base/buf.h"
#include "base/mailbox.h"
#include "db/db.h"

struct pl_entry {
    struct pl_task task; /* of whoever hands the entry over first */
    void *owner;         /* of task */
    _Atomic unsigned holders;
    struct pl_chat_id chat_id;
    int64_t seq;
    int64_t accepted_us; /* pl_clock_now_us; 0: not a new entry, but one that was read */
    struct pl_user_id sender_id;
    struct pl_device_id sender_device_id;
    enum pl_entry_kind kind;
    enum pl_body_kind body_kind;
    struct pl_entry_users *users; /* of PL_ENTRY_MEMBERS; else NULL */
    uint32_t head_bytes;          /* all fields but the body */
    uint32_t prefix_bytes;        /* tag and length of the body field */
    uint32_t body_bytes;
    int64_t expires_at_us; /* pl_clock_wall_us; 0: nothing of it goes */
    uint32_t rest_bytes;   /* what is left of it then */
    uint8_t data[];        /* head, prefix, body, rest */
};

/* Copies what it needs. The caller holds it. */
struct pl_entry *pl_entry_new(const struct pl_message *message);
struct pl_entry *pl_entry_hold(struct pl_entry *entry);
void pl_entry_release(struct pl_entry *entry);
/* The users that it adds; borrowed. */
size_t pl_entry_added(const struct pl_entry *entry, const struct pl_user_id **ret_users);
/* The user is a member from this entry on. */
bool pl_entry_adds(const struct pl_entry *entry, const struct pl_user_id *user);
/* This entry is the user's last. */
bool pl_entry_removes(const struct pl_entry *entry, const struct pl_user_id *user);
/*
 * Writes the entry as one element of a repeated message field with this tag byte, as device may see it: a message
 * without body for the device that sent it, with only its own part of a body in parts.
 */
void pl_entry_put(const struct pl_entry *entry, uint8_t tag, const struct pl_device_id *device, struct pl_buf *buf);
/* Bytes that pl_entry_put writes at most. */
size_t pl_entry_size(const struct pl_entry *entry);

#endif
