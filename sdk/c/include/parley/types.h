/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What Parley's entities look like in C. Results are made by the library only, so their structs may grow at the end. */
#ifndef PARLEY_TYPES_H
#define PARLEY_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <parley/export.h>
#include <parley/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of an id with its NUL. */
#define PARLEY_ID_BYTES 37
/* Largest body of a message. */
#define PARLEY_CONTENT_BYTES_MAX 65536
/* Largest device token with its NUL. */
#define PARLEY_TOKEN_BYTES_MAX 8192
/* Largest metadata of one entity: keys and values together. */
#define PARLEY_METADATA_BYTES_MAX 4096

/* ---- errors ---- */
typedef struct parley_error {
    parley_status status;
    char reason[64];    /* stable and for programs; the server's own word, also when this library does not know it */
    char sentence[512]; /* for people */
    int retry_after_ms; /* when set, the same call may succeed after so long */
} parley_error;

/* ---- small things ---- */
typedef struct parley_metadata {
    const char *key;
    const char *value;
} parley_metadata;

typedef enum parley_chat_type {
    PARLEY_CHAT_UNSPECIFIED = 0,
    PARLEY_CHAT_INDIVIDUAL = 1,
    PARLEY_CHAT_GROUP = 2
} parley_chat_type;

typedef enum parley_role {
    PARLEY_ROLE_UNSPECIFIED = 0,
    PARLEY_ROLE_OWNER = 1,
    PARLEY_ROLE_ADMIN = 2,
    PARLEY_ROLE_MEMBER = 3
} parley_role;

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

/* Who may join a group by themselves. */
typedef enum parley_join_policy {
    PARLEY_JOIN_UNSPECIFIED = 0,
    PARLEY_JOIN_INVITE = 1, /* nobody: admins add members */
    PARLEY_JOIN_OPEN = 2    /* every user of the app who knows the chat's id */
} parley_join_policy;

/* What new members of a group see of the time before them. */
typedef enum parley_history {
    PARLEY_HISTORY_UNSPECIFIED = 0,
    PARLEY_HISTORY_NONE = 1,
    PARLEY_HISTORY_ALL = 2 /* by parley_list_messages; streams begin where they joined */
} parley_history;

/* How the tokens of a signing key are signed. */
typedef enum parley_signing_algorithm {
    PARLEY_SIGNING_UNSPECIFIED = 0,
    PARLEY_SIGNING_HS256 = 1,
    PARLEY_SIGNING_ES256 = 2,
    PARLEY_SIGNING_RS256 = 3,
    PARLEY_SIGNING_EDDSA = 4
} parley_signing_algorithm;

/* What an entry of a chat's log is. Everything but messages is written by the server. */
typedef enum parley_entry_kind {
    PARLEY_ENTRY_UNSPECIFIED = 0,
    PARLEY_ENTRY_MESSAGE = 1,
    PARLEY_ENTRY_MEMBERS = 2,  /* who is in the chat, or their roles */
    PARLEY_ENTRY_SETTINGS = 3, /* name, picture, settings and the like */
    PARLEY_ENTRY_EDIT = 4,     /* the message target_message_id has this body now */
    PARLEY_ENTRY_DELETE = 5,   /* the message target_message_id is deleted for all */
    PARLEY_ENTRY_ACCOUNT = 6   /* in the user's own SELF chat: something happened to the account */
} parley_entry_kind;

/* What the bytes of a message's body are. */
typedef enum parley_body {
    PARLEY_BODY_NONE = 0,       /* an entry that this very device sent, or a body that is gone */
    PARLEY_BODY_TEXT = 1,       /* UTF-8 without NUL */
    PARLEY_BODY_ENCRYPTED = 2,  /* opaque bytes, the same for every device */
    PARLEY_BODY_DEVICE_PART = 3 /* opaque bytes for this device */
} parley_body;

/* ---- results ---- */
typedef struct parley_app {
    const char *app_id;
    const char *name;
    int64_t created_at_us;
    int max_group_members;
} parley_app;

typedef struct parley_api_key {
    const char *key_id;
    const char *app_id;
    const char *name;
    int64_t created_at_us;
    const char *secret;               /* shown once: store it now; empty in lists */
    int64_t revoked_at_us;            /* 0: not revoked */
    int64_t previous_secret_until_us; /* the secret before the last rotation is good until then; 0: it is not */
} parley_api_key;

typedef struct parley_api_keys {
    const parley_api_key *const *items; /* newest first; revoked ones too */
    size_t count;
    const char *next_page_token; /* empty on the last page */
} parley_api_keys;

/* A key that proves device tokens, without its secret. */
typedef struct parley_signing_key {
    const char *key_id; /* `kid` in the header of a token */
    const char *app_id;
    const char *name;
    parley_signing_algorithm algorithm;
    int registered; /* not 0: by the app; otherwise it is Parley's own */
    int64_t created_at_us;
    int64_t revoked_at_us;
} parley_signing_key;

typedef struct parley_signing_keys {
    const parley_signing_key *const *items; /* newest first; revoked ones too */
    size_t count;
    const char *next_page_token; /* empty on the last page */
} parley_signing_keys;

typedef struct parley_user {
    const char *user_id;
    const char *username;
    const char *phone_number;
    const char *display_name;
    const char *about;
    const char *avatar_url;
    const parley_metadata *metadata;
    size_t metadata_count;
    int64_t created_at_us;
    int64_t deactivated_at_us; /* 0: not deactivated */
    int64_t deleted_at_us;     /* 0: not deleted */
} parley_user;

typedef struct parley_users {
    const parley_user *const *items;
    size_t count;
    const char *next_page_token; /* empty on the last page, and in the answer of a look-up */
} parley_users;

typedef struct parley_device {
    const char *device_id;
    const char *user_id;
    const char *name;
    int64_t created_at_us;
    int64_t revoked_at_us; /* 0: not revoked */
} parley_device;

typedef struct parley_devices {
    const parley_device *const *items; /* newest first */
    size_t count;
    const char *next_page_token; /* empty on the last page */
} parley_devices;

typedef struct parley_token {
    const char *token;
    int64_t expires_at_us;
} parley_token;

typedef struct parley_participant {
    const char *chat_id;
    const char *user_id;
    parley_role role;
    int64_t joined_at_us;
    int64_t last_delivered_seq;
    int64_t last_read_seq;
} parley_participant;

typedef struct parley_participants {
    const parley_participant *const *items; /* in the order of joining */
    size_t count;
    const char *next_page_token; /* empty on the last page */
} parley_participants;

/* What a change of the participants came to. */
typedef struct parley_membership {
    const char *chat_id;
    int64_t seq;           /* of the entry that did it; 0 when everything was so already */
    int participant_count; /* how many there are now */
} parley_membership;

typedef struct parley_chat {
    const char *chat_id;
    parley_chat_type chat_type;
    const char *name;
    const char *description;
    const parley_participant *const *participants; /* the first 100; empty in lists */
    size_t participants_listed;                    /* how many are in `participants` */
    int participant_count;                         /* how many there are in the chat */
    const parley_metadata *metadata;
    size_t metadata_count;
    int64_t created_at_us;
    int64_t last_message_at_us;
    int64_t last_seq;
    const char *avatar_media_id; /* the following: groups only */
    parley_join_policy join_policy;
    parley_history history_for_new;
    const char *etag; /* changes with name, description, picture, metadata and settings */
} parley_chat;

typedef struct parley_chats {
    const parley_chat *const *items;
    size_t count;
    const char *next_page_token; /* empty on the last page */
} parley_chats;

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
    const char *const *fields_changed; /* of the chat, by name */
    size_t fields_changed_count;
    int chat_created; /* not 0: the chat begins */
    int chat_deleted; /* not 0: the chat ends */
    /* SELF chats: the chat that the user is a member of from this seq on, or is no member of after it; else empty. */
    const char *joined_chat_id;
    int64_t joined_seq;
    const char *left_chat_id;
    int64_t left_seq;
} parley_event;

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
    /* The following are set by the unary calls only; on a stream, receipts tell. */
    parley_message_status status;
    int recipient_count;
    int delivered_count;
    int read_count;
    int64_t edited_at_us; /* 0: never; in answers of the unary calls, which show the body as edited */
    /* These are set everywhere. */
    int64_t deleted_at_us; /* 0: it is there */
    parley_entry_kind kind;
    const char *target_message_id; /* of an edit or a deletion */
    const parley_event *event;     /* NULL: none */
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

typedef struct parley_read_mark {
    const char *chat_id;
    int64_t last_read_seq;
} parley_read_mark;

/* Any thread; NULL is allowed. Each frees all that the result points at. */
PARLEY_API void parley_app_free(parley_app *app);
PARLEY_API void parley_api_key_free(parley_api_key *key); /* wipes the secret */
PARLEY_API void parley_api_keys_free(parley_api_keys *keys);
PARLEY_API void parley_signing_key_free(parley_signing_key *key);
PARLEY_API void parley_signing_keys_free(parley_signing_keys *keys);
PARLEY_API void parley_user_free(parley_user *user);
PARLEY_API void parley_users_free(parley_users *users);
PARLEY_API void parley_device_free(parley_device *device);
PARLEY_API void parley_devices_free(parley_devices *devices);
PARLEY_API void parley_token_free(parley_token *token); /* wipes the token */
PARLEY_API void parley_chat_free(parley_chat *chat);
PARLEY_API void parley_chats_free(parley_chats *chats);
PARLEY_API void parley_participants_free(parley_participants *participants);
PARLEY_API void parley_membership_free(parley_membership *membership);
PARLEY_API void parley_message_free(parley_message *message);
PARLEY_API void parley_messages_free(parley_messages *messages);
PARLEY_API void parley_send_results_free(parley_send_results *results);
PARLEY_API void parley_message_receipts_free(parley_message_receipts *receipts);
PARLEY_API void parley_read_mark_free(parley_read_mark *mark);

/* ---- what the caller fills in ---- */
typedef struct parley_new_user {
    size_t struct_bytes;
    const char *username; /* required */
    const char *phone_number;
    const char *display_name;
    const char *about;
    const char *avatar_url;
    const parley_metadata *metadata;
    size_t metadata_count;
} parley_new_user;

/* What is to be another way; NULL and 0 leave it as it is. */
typedef struct parley_app_update {
    size_t struct_bytes;
    const char *name;
    int max_group_members;
} parley_app_update;

/* What is to be another way; NULL leaves it as it is, an empty text empties it. */
typedef struct parley_user_update {
    size_t struct_bytes;
    const char *username;
    const char *phone_number;
    const char *display_name;
    const char *about;
    const char *avatar_url;
    const parley_metadata *metadata; /* takes the place of all that there is; may be none, but not NULL */
    size_t metadata_count;
} parley_user_update;

/* At most 100 of both together. */
typedef struct parley_lookup {
    size_t struct_bytes;
    const char *const *usernames;
    size_t username_count;
    const char *const *phone_numbers;
    size_t phone_number_count;
} parley_lookup;

typedef struct parley_new_signing_key {
    size_t struct_bytes;
    const char *name; /* may be NULL */
    parley_signing_algorithm algorithm;
    const void *secret; /* HS256 only: 32 to 64 random bytes */
    size_t secret_bytes;
    const char *public_key; /* the others: PEM; never a private key */
} parley_new_signing_key;

typedef struct parley_new_participant {
    const char *user_id;
    parley_role role; /* unspecified: member */
} parley_new_participant;

typedef struct parley_new_chat {
    size_t struct_bytes;
    parley_chat_type chat_type;
    const parley_new_participant *participants; /* the others */
    size_t participant_count;
    const char *name;
    const char *description;
    const parley_metadata *metadata;
    size_t metadata_count;
    parley_join_policy join_policy; /* this and the next: groups only */
    parley_history history_for_new;
} parley_new_chat;

/* What is to be another way; NULL and UNSPECIFIED leave it as it is, an empty text empties it. */
typedef struct parley_chat_update {
    size_t struct_bytes;
    const char *name;
    const char *description;
    const char *avatar_media_id;
    const parley_metadata *metadata; /* takes the place of all that there is; may be none, but not NULL */
    size_t metadata_count;
    parley_join_policy join_policy;
    parley_history history_for_new;
    const char *etag; /* of the chat that the change is based on: another change since is ETAG_MISMATCH; NULL: any */
} parley_chat_update;

typedef struct parley_participants_update {
    size_t struct_bytes;
    const parley_new_participant *add; /* become members, or have this role now */
    size_t add_count;
    const char *const *remove; /* user ids; who is not a member is passed over */
    size_t remove_count;
} parley_participants_update;

/* A message to send. Exactly one of chat_id and recipient_id, and exactly one of text and encrypted_content. */
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
} parley_draft;

static inline void parley_new_user_init(parley_new_user *user)
{
    memset(user, 0, sizeof *user);
    user->struct_bytes = sizeof *user;
}

/* Which messages of a chat; NULL and 0: no bound. */
typedef struct parley_message_filter {
    size_t struct_bytes;
    int64_t before_seq; /* not together with before_message_id; the bounds themselves are left out */
    int64_t after_seq;  /* not together with after_message_id */
    const char *before_message_id;
    const char *after_message_id;
    int64_t since_us; /* of this time or later */
    int64_t until_us; /* before this time */
} parley_message_filter;

/* A message's body from now on: exactly one of the two. */
typedef struct parley_edit {
    size_t struct_bytes;
    const char *text;
    const void *encrypted_content;
    size_t encrypted_content_bytes;
} parley_edit;

static inline void parley_message_filter_init(parley_message_filter *filter)
{
    memset(filter, 0, sizeof *filter);
    filter->struct_bytes = sizeof *filter;
}

static inline void parley_edit_init(parley_edit *edit)
{
    memset(edit, 0, sizeof *edit);
    edit->struct_bytes = sizeof *edit;
}

static inline void parley_app_update_init(parley_app_update *update)
{
    memset(update, 0, sizeof *update);
    update->struct_bytes = sizeof *update;
}

static inline void parley_user_update_init(parley_user_update *update)
{
    memset(update, 0, sizeof *update);
    update->struct_bytes = sizeof *update;
}

static inline void parley_lookup_init(parley_lookup *lookup)
{
    memset(lookup, 0, sizeof *lookup);
    lookup->struct_bytes = sizeof *lookup;
}

static inline void parley_new_signing_key_init(parley_new_signing_key *key)
{
    memset(key, 0, sizeof *key);
    key->struct_bytes = sizeof *key;
}

static inline void parley_chat_update_init(parley_chat_update *update)
{
    memset(update, 0, sizeof *update);
    update->struct_bytes = sizeof *update;
}

static inline void parley_participants_update_init(parley_participants_update *update)
{
    memset(update, 0, sizeof *update);
    update->struct_bytes = sizeof *update;
}

static inline void parley_new_chat_init(parley_new_chat *chat)
{
    memset(chat, 0, sizeof *chat);
    chat->struct_bytes = sizeof *chat;
}

static inline void parley_draft_init(parley_draft *draft)
{
    memset(draft, 0, sizeof *draft);
    draft->struct_bytes = sizeof *draft;
}

#ifdef __cplusplus
}
#endif

#endif
