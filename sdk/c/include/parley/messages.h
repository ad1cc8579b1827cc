/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Messages and how far they have come: MessageService. */
#ifndef PARLEY_MESSAGES_H
#define PARLEY_MESSAGES_H

#include <parley/chats.h>
#include <parley/client.h>
#include <parley/export.h>
#include <parley/status.h>
#include <parley/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum parley_message_type {
    PARLEY_MESSAGE_UNSPECIFIED = 0, /* in requests: text */
    PARLEY_MESSAGE_TEXT = 1,
    PARLEY_MESSAGE_IMAGE = 2,
    PARLEY_MESSAGE_VIDEO = 3,
    PARLEY_MESSAGE_AUDIO = 4,
    PARLEY_MESSAGE_DOCUMENT = 5,
    PARLEY_MESSAGE_SYSTEM = 6 /* in results only */
} parley_message_type;

typedef enum parley_message_status {
    PARLEY_MESSAGE_STATUS_UNSPECIFIED = 0,
    PARLEY_MESSAGE_STATUS_SENT = 1,
    PARLEY_MESSAGE_STATUS_DELIVERED = 2,
    PARLEY_MESSAGE_STATUS_READ = 3,
    PARLEY_MESSAGE_STATUS_EXPIRED = 4
} parley_message_status;

/* What an entry of a chat's log is. Everything but messages is written by the server. */
typedef enum parley_entry_kind {
    PARLEY_ENTRY_UNSPECIFIED = 0,
    PARLEY_ENTRY_MESSAGE = 1,
    PARLEY_ENTRY_MEMBERS = 2,  /* who is in the chat, or their roles */
    PARLEY_ENTRY_SETTINGS = 3, /* name, picture, settings and the like */
    PARLEY_ENTRY_EDIT = 4,     /* the message target_message_id has this body now */
    PARLEY_ENTRY_DELETE = 5,   /* the message target_message_id is deleted for all */
    PARLEY_ENTRY_ACCOUNT = 6,  /* in the user's own SELF chat: something happened to the account */
    /* The sender reacts to the message target_message_id with the text of the body, or without one no longer reacts to
     * it. Without a target: the place of a reaction after which the sender did another of these. The last one counts.
     */
    PARLEY_ENTRY_REACTION = 7
} parley_entry_kind;

/* What the bytes of a message's body are. */
typedef enum parley_body {
    PARLEY_BODY_NONE = 0,       /* an entry that this very device sent, or a body that is gone */
    PARLEY_BODY_TEXT = 1,       /* UTF-8 without NUL */
    PARLEY_BODY_ENCRYPTED = 2,  /* opaque bytes, the same for every device */
    PARLEY_BODY_DEVICE_PART = 3 /* opaque bytes for this device */
} parley_body;

typedef struct parley_event_member {
    const char *user_id;
    parley_role role; /* what they may do now */
} parley_event_member;

/* What a control entry says; who did it is the entry's sender. One entry may say several things. */
typedef struct parley_event {
    const parley_event_member *members_added;
    size_t members_added_count;
    const char *const *members_removed; /* they get this entry as their last one */
    size_t members_removed_count;
    const parley_event_member *roles_changed;
    size_t roles_changed_count;
    const char *const *fields_changed; /* of the chat, or in a SELF chat of the user, by name */
    size_t fields_changed_count;
    int chat_deleted; /* not 0: the chat ends */
    /* SELF chats: the chat that the user is a member of from this seq on (0: from its beginning), or is no member of
     * after it; else empty. */
    const char *joined_chat_id;
    int64_t joined_seq;
    const char *left_chat_id;
    int64_t left_seq;
    /* SELF chats: the user's new device, or the one that is revoked; else empty. */
    const char *device_added;
    const char *device_revoked;
    /* SELF chats: whom the user blocks now, or no longer; else empty. */
    const char *user_blocked;
    const char *user_unblocked;
    /* SELF chats: the chat and place of the message that the user deleted for themselves; else empty. */
    const char *hidden_chat_id;
    int64_t hidden_seq;
} parley_event;

/* What a message wants of those who get it. */
typedef enum parley_message_flag {
    PARLEY_FLAG_COUNTABLE = 1, /* it is counted as unread */
    PARLEY_FLAG_URGENT = 2,    /* it is worth waking somebody for */
    PARLEY_FLAG_EPHEMERAL = 4  /* it need not be kept; not together with countable */
} parley_message_flag;

/* How often an emoji stands at a message. */
typedef struct parley_reaction_count {
    const char *emoji;
    int count; /* users */
    int mine;  /* not 0: the caller is one of them */
} parley_reaction_count;

typedef struct parley_message {
    const char *message_id;
    const char *chat_id;
    int64_t seq; /* its place in the chat: 1, 2, 3, … */
    const char *prev_message_id;
    const char *sender_id;
    const char *sender_device_id;
    const char *recipient_id;
    parley_message_type message_type;
    int64_t timestamp_us;
    const char *media_id;
    const char *reply_to_message_id;
    const parley_metadata *metadata;
    size_t metadata_count;
    parley_body body;
    const void *content; /* with a NUL behind it, whatever it is */
    size_t content_bytes;
    /* The following are set by the unary calls only; on a stream, receipts tell. But EXPIRED is told everywhere. */
    parley_message_status status;
    int recipient_count;
    int delivered_count;
    int read_count;
    int64_t edited_at_us; /* 0: never; in answers of the unary calls, which show the body as edited */
    /* These are set everywhere. */
    int64_t deleted_at_us; /* 0: it is there */
    parley_entry_kind kind;
    const char *target_message_id; /* of an edit, a deletion or a reaction */
    const parley_event *event;     /* NULL: none */
    unsigned flags;                /* of parley_message_flag */
    int64_t expires_at_us;         /* 0: never; then it is gone, and what is kept of it is to be removed, too */
    int hidden; /* not 0: the user deleted it for themselves; the body is withheld. On a stream only */
    /* Set by the unary calls only, most frequent first; on a stream each reaction is an entry. */
    const parley_reaction_count *reactions;
    size_t reaction_count;
} parley_message;

/* What became of one message of several. */
typedef struct parley_send_result {
    const char *message_id;
    const parley_message *message; /* on disk; NULL: it is not */
    const parley_error *error;     /* why; NULL: it is on disk */
} parley_send_result;

typedef struct parley_send_results {
    const parley_send_result *items; /* in the order of the drafts */
    size_t count;
} parley_send_results;

typedef struct parley_messages {
    const parley_message *const *items; /* newest first */
    size_t count;
    const char *next_page_token; /* of the next, older page; empty on the last one */
} parley_messages;

/* How far a message has come for one user. */
typedef struct parley_message_receipt {
    const char *user_id;
    parley_message_status status;
    int64_t delivered_at_us; /* 0: not yet, or longer ago than 30 days; so the next */
    int64_t read_at_us;
} parley_message_receipt;

typedef struct parley_message_receipts {
    const parley_message_receipt *items; /* all but the sender, in the order of user_id */
    size_t count;
    const char *next_page_token; /* empty on the last page */
} parley_message_receipts;

/* How a user reacted to a message. */
typedef struct parley_reaction {
    const char *user_id;
    const char *emoji;
    int64_t reacted_at_us;
} parley_reaction;

typedef struct parley_reactions {
    const parley_reaction *items; /* in the order of user_id */
    size_t count;
    const char *next_page_token; /* empty on the last page */
} parley_reactions;

typedef struct parley_read_mark {
    const char *chat_id;
    int64_t last_read_seq;
} parley_read_mark;

/* The part of a body that is meant for one device. */
typedef struct parley_device_part {
    const char *device_id;
    const void *encrypted_content; /* opaque */
    size_t encrypted_content_bytes;
} parley_device_part;

/*
 * A message to send. Exactly one of chat_id and recipient_id, and exactly one body: text, encrypted_content, or
 * device_parts.
 */
typedef struct parley_draft {
    size_t struct_bytes;
    const char *chat_id;
    const char *recipient_id; /* a user: their individual chat is made when there is none */
    const char *message_id;   /* NULL: the library chooses; keep it to send the same message again later */
    parley_message_type message_type;
    const char *text;
    const void *encrypted_content;
    size_t encrypted_content_bytes;
    const char *media_id;
    const char *reply_to_message_id;
    const parley_metadata *metadata;
    size_t metadata_count;
    const parley_device_part *device_parts; /* a body for each device: it gets its own part only */
    size_t device_part_count;
    unsigned flags; /* of parley_message_flag; 0 stands for PARLEY_FLAG_COUNTABLE */
} parley_draft;

static inline void parley_draft_init(parley_draft *draft)
{
    memset(draft, 0, sizeof *draft);
    draft->struct_bytes = sizeof *draft;
}

/* Which messages of a chat, and how many at once; NULL and 0: no bound. */
typedef struct parley_message_filter {
    size_t struct_bytes;
    int64_t before_seq; /* not together with before_message_id; the bounds themselves are left out */
    int64_t after_seq;  /* not together with after_message_id */
    const char *before_message_id;
    const char *after_message_id;
    int64_t since_us; /* of this time or later */
    int64_t until_us; /* before this time */
    int page_size;    /* this and the next as in parley_list_chats */
    const char *page_token;
} parley_message_filter;

static inline void parley_message_filter_init(parley_message_filter *filter)
{
    memset(filter, 0, sizeof *filter);
    filter->struct_bytes = sizeof *filter;
}

/* A message's body from now on: exactly one of the three. */
typedef struct parley_edit {
    size_t struct_bytes;
    const char *text;
    const void *encrypted_content;
    size_t encrypted_content_bytes;
    const parley_device_part *device_parts;
    size_t device_part_count;
} parley_edit;

static inline void parley_edit_init(parley_edit *edit)
{
    memset(edit, 0, sizeof *edit);
    edit->struct_bytes = sizeof *edit;
}

/* Any thread; NULL is allowed. Each frees all that the result points at. */
PARLEY_API void parley_message_free(parley_message *message);
PARLEY_API void parley_messages_free(parley_messages *messages);
PARLEY_API void parley_send_results_free(parley_send_results *results);
PARLEY_API void parley_message_receipts_free(parley_message_receipts *receipts);
PARLEY_API void parley_reactions_free(parley_reactions *reactions);
PARLEY_API void parley_read_mark_free(parley_read_mark *mark);

/* ---- messages: device token, or API key with an acting user ---- */
/*
 * Returns when the message is on disk. When this fails with PARLEY_UNREACHABLE, PARLEY_DEADLINE_EXCEEDED or
 * PARLEY_OUTCOME_UNKNOWN the message may be stored all the same: send the draft again with the same message_id.
 */
PARLEY_API parley_status parley_send_message(parley_client *client, const parley_draft *draft,
                                             parley_message **ret_message, parley_error *ret_error);
/*
 * Up to 100 messages at once, to any chats, each on its own. PARLEY_OK: results tell, message by message; one whose
 * error is PARLEY_OUTCOME_UNKNOWN may be stored. Drafts without a message_id get one; results name it.
 */
PARLEY_API parley_status parley_send_messages(parley_client *client, const parley_draft *const *drafts, size_t count,
                                              parley_send_results **ret_results, parley_error *ret_error);
PARLEY_API parley_status parley_get_message(parley_client *client, const char *message_id, parley_message **ret_message,
                                            parley_error *ret_error);
/* Newest first. page_size and page_token as in parley_list_chats. */
PARLEY_API parley_status parley_list_messages(parley_client *client, const char *chat_id, int page_size,
                                              const char *page_token, parley_messages **ret_messages,
                                              parley_error *ret_error);
/* The same within bounds, which must be the same for every page. */
PARLEY_API parley_status parley_list_messages_within(parley_client *client, const char *chat_id,
                                                     const parley_message_filter *filter,
                                                     parley_messages **ret_messages, parley_error *ret_error);
/* The own message gets another body. Not repeated by the library: each edit is an entry. ret_message may be NULL. */
PARLEY_API parley_status parley_edit_message(parley_client *client, const char *message_id, const parley_edit *edit,
                                             parley_message **ret_message, parley_error *ret_error);
/* Deletes for all. ret_seq, which may be NULL: of the entry that did it; 0 when it was deleted already. */
PARLEY_API parley_status parley_delete_message(parley_client *client, const char *message_id, int64_t *ret_seq,
                                               parley_error *ret_error);
/* For the caller alone: it is in no answer any more. ret_seq may be NULL. */
PARLEY_API parley_status parley_hide_message(parley_client *client, const char *message_id, int64_t *ret_seq,
                                             parley_error *ret_error);
/*
 * The caller reacts to the message, in place of what they reacted with before. emoji: 1 to 64 bytes; NULL or empty
 * takes it back. Doing the same again changes nothing. ret_message, which may be NULL: the message with its reactions.
 */
PARLEY_API parley_status parley_react_to_message(parley_client *client, const char *message_id, const char *emoji,
                                                 parley_message **ret_message, parley_error *ret_error);
/* Who reacted to the message, and how. Pages as in parley_list_chats. */
PARLEY_API parley_status parley_list_reactions(parley_client *client, const char *message_id, int page_size,
                                               const char *page_token, parley_reactions **ret_reactions,
                                               parley_error *ret_error);
/* How far the message has come for each of the others who were members when it was sent. Pages as in parley_list_chats.
 */
PARLEY_API parley_status parley_list_receipts(parley_client *client, const char *message_id, int page_size,
                                              const char *page_token, parley_message_receipts **ret_receipts,
                                              parley_error *ret_error);
/* Marks this message and all before it in its chat. ret_mark may be NULL. */
PARLEY_API parley_status parley_mark_read(parley_client *client, const char *message_id, parley_read_mark **ret_mark,
                                          parley_error *ret_error);

#ifdef __cplusplus
}
#endif

#endif
