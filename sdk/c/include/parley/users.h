/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Users, their devices and their tokens: UserService. */
#ifndef PARLEY_USERS_H
#define PARLEY_USERS_H

#include <parley/chats.h>
#include <parley/client.h>
#include <parley/export.h>
#include <parley/status.h>
#include <parley/types.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Who is told of a user's presence. */
typedef enum parley_presence_audience {
    PARLEY_PRESENCE_AUDIENCE_UNSPECIFIED = 0,
    PARLEY_PRESENCE_AUDIENCE_CHATS = 1, /* who is in a chat with the user */
    PARLEY_PRESENCE_AUDIENCE_NOBODY = 2 /* nor is the user told of others */
} parley_presence_audience;

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
    /* Whether others are told what the user reads; unspecified when that is not told to the caller. */
    parley_read_receipts read_receipts;
    parley_presence_audience presence;
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

/* Whether a user is there, as far as the caller may know. */
typedef struct parley_presence {
    const char *user_id;
    bool online;
    int64_t last_seen_us; /* 0: they are online, never were, or it is not told */
} parley_presence;

/* Somebody whom a user blocks. */
typedef struct parley_block {
    const char *blocked_user_id;
    int64_t created_at_us;
} parley_block;

typedef struct parley_blocks {
    const parley_block *items; /* in the order of blocked_user_id */
    size_t count;
    const char *next_page_token; /* empty on the last page */
} parley_blocks;

typedef struct parley_token {
    const char *token;
    int64_t expires_at_us;
} parley_token;

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

static inline void parley_new_user_init(parley_new_user *user)
{
    memset(user, 0, sizeof *user);
    user->struct_bytes = sizeof *user;
}

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
    parley_read_receipts read_receipts; /* unspecified: stays */
    parley_presence_audience presence;  /* unspecified: stays */
} parley_user_update;

static inline void parley_user_update_init(parley_user_update *update)
{
    memset(update, 0, sizeof *update);
    update->struct_bytes = sizeof *update;
}

/* At most 100 of both together. */
typedef struct parley_lookup {
    size_t struct_bytes;
    const char *const *usernames;
    size_t username_count;
    const char *const *phone_numbers;
    size_t phone_number_count;
} parley_lookup;

static inline void parley_lookup_init(parley_lookup *lookup)
{
    memset(lookup, 0, sizeof *lookup);
    lookup->struct_bytes = sizeof *lookup;
}

/* Any thread; NULL is allowed. Each frees all that the result points at. */
PARLEY_API void parley_user_free(parley_user *user);
PARLEY_API void parley_users_free(parley_users *users);
PARLEY_API void parley_device_free(parley_device *device);
PARLEY_API void parley_devices_free(parley_devices *devices);
PARLEY_API void parley_block_free(parley_block *block);
PARLEY_API void parley_blocks_free(parley_blocks *blocks);
PARLEY_API void parley_presence_free(parley_presence *presence);
PARLEY_API void parley_token_free(parley_token *token); /* wipes the token */

/* ---- users: API key ---- */
PARLEY_API parley_status parley_create_user(parley_client *client, const parley_new_user *new_user,
                                            parley_user **ret_user, parley_error *ret_error);
/* Also a device. */
PARLEY_API parley_status parley_get_user(parley_client *client, const char *user_id, parley_user **ret_user,
                                         parley_error *ret_error);
/* Also a device: of those whom its user is in a chat with; presence says nothing of others. */
PARLEY_API parley_status parley_get_presence(parley_client *client, const char *user_id, parley_presence **ret_presence,
                                             parley_error *ret_error);
/* Newest first; deactivated ones too, deleted ones not. Pages as in parley_list_chats. */
PARLEY_API parley_status parley_list_users(parley_client *client, int page_size, const char *page_token,
                                           parley_users **ret_users, parley_error *ret_error);
/* Also a device. Who is not there is not in the answer. PARLEY_RATE_LIMITED for a device that asks for very many. */
PARLEY_API parley_status parley_lookup_users(parley_client *client, const parley_lookup *lookup,
                                             parley_users **ret_users, parley_error *ret_error);
/* Also a device, for its own user's profile. ret_user may be NULL here and in the next two. */
PARLEY_API parley_status parley_update_user(parley_client *client, const char *user_id,
                                            const parley_user_update *update, parley_user **ret_user,
                                            parley_error *ret_error);
/* Keeps the user out within 5 s, until reactivated. */
PARLEY_API parley_status parley_deactivate_user(parley_client *client, const char *user_id, parley_user **ret_user,
                                                parley_error *ret_error);
PARLEY_API parley_status parley_reactivate_user(parley_client *client, const char *user_id, parley_user **ret_user,
                                                parley_error *ret_error);
/* For ever. Not repeated by the library: a second attempt is PARLEY_USER_NOT_FOUND. */
PARLEY_API parley_status parley_delete_user(parley_client *client, const char *user_id, parley_error *ret_error);

/* ---- whom a user blocks: API key; also a device, for its own user ---- */
/* Neither sends to the other any more in their individual chat: PARLEY_RECIPIENT_BLOCKED for the one who blocks,
 * PARLEY_RECIPIENT_UNAVAILABLE for the other. ret_block may be NULL. */
PARLEY_API parley_status parley_block_user(parley_client *client, const char *user_id, const char *blocked_user_id,
                                           parley_block **ret_block, parley_error *ret_error);
PARLEY_API parley_status parley_unblock_user(parley_client *client, const char *user_id, const char *blocked_user_id,
                                             parley_error *ret_error);
/* Pages as in parley_list_chats. */
PARLEY_API parley_status parley_list_blocked_users(parley_client *client, const char *user_id, int page_size,
                                                   const char *page_token, parley_blocks **ret_blocks,
                                                   parley_error *ret_error);

/* ---- devices: API key; also a device, for those of its own user, where said ---- */
/* name may be NULL. */
PARLEY_API parley_status parley_create_device(parley_client *client, const char *user_id, const char *name,
                                              parley_device **ret_device, parley_error *ret_error);
/* Also a device. Revoked ones are left out. Pages as in parley_list_chats. */
PARLEY_API parley_status parley_list_devices(parley_client *client, const char *user_id, int page_size,
                                             const char *page_token, parley_devices **ret_devices,
                                             parley_error *ret_error);
/* Also a device. ret_device may be NULL here and in the next. */
PARLEY_API parley_status parley_rename_device(parley_client *client, const char *user_id, const char *device_id,
                                              const char *name, parley_device **ret_device, parley_error *ret_error);
/* Also a device. For ever: its tokens are refused and its stream ends within 5 s. */
PARLEY_API parley_status parley_revoke_device(parley_client *client, const char *user_id, const char *device_id,
                                              parley_device **ret_device, parley_error *ret_error);
/* ttl_seconds: 60 to 86,400; 0: the longest. */
PARLEY_API parley_status parley_create_token(parley_client *client, const char *user_id, const char *device_id,
                                             int ttl_seconds, parley_token **ret_token, parley_error *ret_error);

#ifdef __cplusplus
}
#endif

#endif
