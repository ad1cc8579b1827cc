/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Chats and who is in them: ChatService. */
#ifndef PARLEY_CHATS_H
#define PARLEY_CHATS_H

#include <parley/client.h>
#include <parley/export.h>
#include <parley/status.h>
#include <parley/types.h>

#ifdef __cplusplus
extern "C" {
#endif

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

/* Who may join a group by themselves. */
typedef enum parley_join_policy {
    PARLEY_JOIN_UNSPECIFIED = 0,
    PARLEY_JOIN_INVITE = 1, /* nobody: members are added, see who_may_add */
    PARLEY_JOIN_OPEN = 2,   /* every user of the app who knows the chat's id */
    PARLEY_JOIN_API_KEY = 3 /* nobody, nor do members add others: only API keys take somebody in */
} parley_join_policy;

/* Whether members of a group see how far others have read. */
typedef enum parley_read_receipts {
    PARLEY_READ_RECEIPTS_UNSPECIFIED = 0,
    PARLEY_READ_RECEIPTS_ON = 1,
    PARLEY_READ_RECEIPTS_OFF = 2
} parley_read_receipts;

/* What new members of a group see of the time before them. */
typedef enum parley_history {
    PARLEY_HISTORY_UNSPECIFIED = 0,
    PARLEY_HISTORY_NONE = 1,
    PARLEY_HISTORY_ALL = 2 /* by parley_list_messages; streams begin where they joined */
} parley_history;

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
    const char *avatar_media_id; /* the following up to read_receipts: groups only */
    parley_join_policy join_policy;
    parley_history history_for_new;
    const char *etag;         /* changes with name, description, picture, metadata and settings */
    parley_role who_may_send; /* these three: this role and those above */
    parley_role who_may_add;
    parley_role who_may_edit; /* name, description, picture and metadata; settings are for admins besides */
    parley_read_receipts read_receipts;
    int unread_count; /* 1,000 stands for that many or more: show 999+ */
    int message_ttl;  /* chats of two, too: seconds that messages last; 0: they stay */
} parley_chat;

typedef struct parley_chats {
    const parley_chat *const *items;
    size_t count;
    const char *next_page_token; /* empty on the last page */
} parley_chats;

typedef struct parley_new_participant {
    const char *user_id;
    parley_role role; /* unspecified: member, or for who is one already the role that they have */
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
    parley_join_policy join_policy; /* this and what follows: groups only; UNSPECIFIED: what a group has by default */
    parley_history history_for_new;
    parley_role who_may_send;
    parley_role who_may_add;
    parley_role who_may_edit;
    parley_read_receipts read_receipts;
    int message_ttl; /* seconds that messages last; 0: they stay */
} parley_new_chat;

static inline void parley_new_chat_init(parley_new_chat *chat)
{
    memset(chat, 0, sizeof *chat);
    chat->struct_bytes = sizeof *chat;
}

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
    parley_role who_may_send;
    parley_role who_may_add;
    parley_role who_may_edit;
    parley_read_receipts read_receipts;
    const int
        *message_ttl; /* chats of two, too: seconds that messages last, 5 to a year; 0: they stay; NULL: as it is */
} parley_chat_update;

static inline void parley_chat_update_init(parley_chat_update *update)
{
    memset(update, 0, sizeof *update);
    update->struct_bytes = sizeof *update;
}

/* Either the whole set, or who comes and who goes. */
typedef struct parley_participants_update {
    size_t struct_bytes;
    const parley_new_participant *add; /* become members, or have this role now */
    size_t add_count;
    const char *const *remove; /* user ids; who is not a member is passed over */
    size_t remove_count;
    const parley_new_participant *participants; /* the whole set: who is not named leaves, but for the caller */
    size_t participant_count;                   /* 0: add and remove say what changes */
} parley_participants_update;

static inline void parley_participants_update_init(parley_participants_update *update)
{
    memset(update, 0, sizeof *update);
    update->struct_bytes = sizeof *update;
}

/* Any thread; NULL is allowed. Each frees all that the result points at. */
PARLEY_API void parley_chat_free(parley_chat *chat);
PARLEY_API void parley_chats_free(parley_chats *chats);
PARLEY_API void parley_participants_free(parley_participants *participants);
PARLEY_API void parley_membership_free(parley_membership *membership);

/* ---- chats: device token, or API key with an acting user ---- */
PARLEY_API parley_status parley_create_chat(parley_client *client, const parley_new_chat *new_chat,
                                            parley_chat **ret_chat, parley_error *ret_error);
PARLEY_API parley_status parley_get_chat(parley_client *client, const char *chat_id, parley_chat **ret_chat,
                                         parley_error *ret_error);
/* user_id NULL: the caller. page_size 0: 50. page_token NULL or empty: the first page. */
PARLEY_API parley_status parley_list_chats(parley_client *client, const char *user_id, int page_size,
                                           const char *page_token, parley_chats **ret_chats, parley_error *ret_error);

/* Groups; whom its settings let. Repeated by the library only without an etag. ret_chat may be NULL. */
PARLEY_API parley_status parley_update_chat(parley_client *client, const char *chat_id,
                                            const parley_chat_update *update, parley_chat **ret_chat,
                                            parley_error *ret_error);
/* Groups; the owner. Everybody leaves at one last entry. Not repeated by the library. */
PARLEY_API parley_status parley_delete_chat(parley_client *client, const char *chat_id, parley_error *ret_error);
/* Pages as in parley_list_chats. */
PARLEY_API parley_status parley_list_participants(parley_client *client, const char *chat_id, int page_size,
                                                  const char *page_token, parley_participants **ret_participants,
                                                  parley_error *ret_error);
/* Groups; all or nothing, as one entry of the log. ret_membership may be NULL. */
PARLEY_API parley_status parley_update_participants(parley_client *client, const char *chat_id,
                                                    const parley_participants_update *update,
                                                    parley_membership **ret_membership, parley_error *ret_error);
/* A group whose join_policy is open. Joining again changes nothing. ret_chat may be NULL. */
PARLEY_API parley_status parley_join_chat(parley_client *client, const char *chat_id, parley_chat **ret_chat,
                                          parley_error *ret_error);
/* A group. ret_left_seq, which may be NULL: the last entry that the caller gets. Not repeated by the library. */
PARLEY_API parley_status parley_leave_chat(parley_client *client, const char *chat_id, int64_t *ret_left_seq,
                                           parley_error *ret_error);

#ifdef __cplusplus
}
#endif

#endif
