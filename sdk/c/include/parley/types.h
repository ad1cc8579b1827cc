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
} parley_app;

typedef struct parley_api_key {
    const char *key_id;
    const char *app_id;
    const char *name;
    int64_t created_at_us;
    const char *secret; /* shown once: store it now */
} parley_api_key;

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
} parley_user;

typedef struct parley_device {
    const char *device_id;
    const char *user_id;
    const char *name;
    int64_t created_at_us;
} parley_device;

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
} parley_chat;

typedef struct parley_chats {
    const parley_chat *const *items;
    size_t count;
    const char *next_page_token; /* empty on the last page */
} parley_chats;

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
} parley_message;

typedef struct parley_messages {
    const parley_message *const *items; /* newest first */
    size_t count;
    const char *next_page_token; /* of the next, older page; empty on the last one */
} parley_messages;

typedef struct parley_read_mark {
    const char *chat_id;
    int64_t last_read_seq;
} parley_read_mark;

/* Any thread; NULL is allowed. Each frees all that the result points at. */
PARLEY_API void parley_app_free(parley_app *app);
PARLEY_API void parley_api_key_free(parley_api_key *key); /* wipes the secret */
PARLEY_API void parley_user_free(parley_user *user);
PARLEY_API void parley_device_free(parley_device *device);
PARLEY_API void parley_token_free(parley_token *token); /* wipes the token */
PARLEY_API void parley_chat_free(parley_chat *chat);
PARLEY_API void parley_chats_free(parley_chats *chats);
PARLEY_API void parley_message_free(parley_message *message);
PARLEY_API void parley_messages_free(parley_messages *messages);
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
} parley_new_chat;

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
