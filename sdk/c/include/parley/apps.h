/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Apps, their API keys and their signing keys: AdminService. */
#ifndef PARLEY_APPS_H
#define PARLEY_APPS_H

#include <parley/client.h>
#include <parley/export.h>
#include <parley/status.h>
#include <parley/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the tokens of a signing key are signed. */
typedef enum parley_signing_algorithm {
    PARLEY_SIGNING_UNSPECIFIED = 0,
    PARLEY_SIGNING_HS256 = 1,
    PARLEY_SIGNING_ES256 = 2,
    PARLEY_SIGNING_RS256 = 3,
    PARLEY_SIGNING_EDDSA = 4
} parley_signing_algorithm;

/* What may be done in a second, in bursts of as much; 0: what the server is set to; -1: as much as they like. */
typedef struct parley_app_limits {
    int user_messages_per_second; /* one user: messages, edits, deletions, reactions and changes of chats */
    int user_bytes_per_second;    /* the bytes of these */
    int user_creates_per_second;  /* chats, devices, tokens and keys */
    int app_messages_per_second;  /* the app and all of its users together */
    int app_bytes_per_second;
    int app_creates_per_second;
} parley_app_limits;

typedef struct parley_app {
    const char *app_id;
    const char *name;
    int64_t created_at_us;
    int max_group_members;
    int retention_days;            /* 0: messages are kept for ever */
    int retention_until_delivered; /* not 0: until every device of every member has them */
    parley_app_limits limits;
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

typedef struct parley_new_app {
    size_t struct_bytes;
    const char *name; /* required */
    int retention_days;
    int retention_until_delivered;
    parley_app_limits limits;
} parley_new_app;

static inline void parley_new_app_init(parley_new_app *app)
{
    memset(app, 0, sizeof *app);
    app->struct_bytes = sizeof *app;
}

/* What is to be another way; NULL and 0 leave it as it is. */
typedef struct parley_app_update {
    size_t struct_bytes;
    const char *name;
    int max_group_members;
    const int *retention_days; /* NULL leaves this and the next as they are */
    const int *retention_until_delivered;
    /* NULL leaves it as it is. */
    const int *user_messages_per_second;
    const int *user_bytes_per_second;
    const int *user_creates_per_second;
    const int *app_messages_per_second;
    const int *app_bytes_per_second;
    const int *app_creates_per_second;
} parley_app_update;

static inline void parley_app_update_init(parley_app_update *update)
{
    memset(update, 0, sizeof *update);
    update->struct_bytes = sizeof *update;
}

typedef struct parley_new_signing_key {
    size_t struct_bytes;
    const char *name; /* may be NULL */
    parley_signing_algorithm algorithm;
    const void *secret; /* HS256 only: 32 to 64 random bytes */
    size_t secret_bytes;
    const char *public_key; /* the others: PEM; never a private key */
} parley_new_signing_key;

static inline void parley_new_signing_key_init(parley_new_signing_key *key)
{
    memset(key, 0, sizeof *key);
    key->struct_bytes = sizeof *key;
}

/* Any thread; NULL is allowed. Each frees all that the result points at. */
PARLEY_API void parley_app_free(parley_app *app);
PARLEY_API void parley_api_key_free(parley_api_key *key); /* wipes the secret */
PARLEY_API void parley_api_keys_free(parley_api_keys *keys);
PARLEY_API void parley_signing_key_free(parley_signing_key *key);
PARLEY_API void parley_signing_keys_free(parley_signing_keys *keys);

/* ---- administration: operator key, or API key of the app where said ---- */
PARLEY_API parley_status parley_create_app(parley_client *client, const parley_new_app *new_app, parley_app **ret_app,
                                           parley_error *ret_error);
/* Also the app itself. */
PARLEY_API parley_status parley_get_app(parley_client *client, const char *app_id, parley_app **ret_app,
                                        parley_error *ret_error);
/* ret_app may be NULL. */
PARLEY_API parley_status parley_update_app(parley_client *client, const char *app_id, const parley_app_update *update,
                                           parley_app **ret_app, parley_error *ret_error);
/* Also the app itself, as in all that follow. name may be NULL. */
PARLEY_API parley_status parley_create_api_key(parley_client *client, const char *app_id, const char *name,
                                               parley_api_key **ret_key, parley_error *ret_error);
/* page_size 0: 50. page_token NULL or empty: the first page. */
PARLEY_API parley_status parley_list_api_keys(parley_client *client, const char *app_id, int page_size,
                                              const char *page_token, parley_api_keys **ret_keys,
                                              parley_error *ret_error);
/* A new secret for the key; the one before is good for grace_seconds more. Not repeated by the library. */
PARLEY_API parley_status parley_rotate_api_key(parley_client *client, const char *app_id, const char *key_id,
                                               int grace_seconds, parley_api_key **ret_key, parley_error *ret_error);
/* ret_key may be NULL. */
PARLEY_API parley_status parley_revoke_api_key(parley_client *client, const char *app_id, const char *key_id,
                                               parley_api_key **ret_key, parley_error *ret_error);
/* The app may then sign its own device tokens. */
PARLEY_API parley_status parley_register_signing_key(parley_client *client, const char *app_id,
                                                     const parley_new_signing_key *new_key,
                                                     parley_signing_key **ret_key, parley_error *ret_error);
PARLEY_API parley_status parley_list_signing_keys(parley_client *client, const char *app_id, int page_size,
                                                  const char *page_token, parley_signing_keys **ret_keys,
                                                  parley_error *ret_error);
/* Its tokens are refused within 5 s. ret_key may be NULL. */
PARLEY_API parley_status parley_revoke_signing_key(parley_client *client, const char *app_id, const char *key_id,
                                                   parley_signing_key **ret_key, parley_error *ret_error);

#ifdef __cplusplus
}
#endif

#endif
