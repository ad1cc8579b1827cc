/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A client: one connection to a Parley server with one set of credentials, and its unary calls. Calls block until they
 * are answered or their deadline (parley_options_set_timeout_ms) has passed.
 *
 * What is safe to repeat is repeated by the library while the server is away or does not know the outcome, with
 * jittered growing pauses, until the deadline: sending (the message_id is chosen before the first attempt), reading,
 * listing, marking as read. Creating is attempted once.
 */
#ifndef PARLEY_CLIENT_H
#define PARLEY_CLIENT_H

#include <parley/export.h>
#include <parley/status.h>
#include <parley/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct parley_options parley_options;
typedef struct parley_client parley_client;

/*
 * Gives a device token that is good now: writes it with its NUL to ret_token, token_bytes at most, and answers 0. Any
 * other answer: there is none at present; a call then fails with PARLEY_TOKEN_UNAVAILABLE, a stream tries again later.
 *
 * It is called by the thread that needs the token: a stream's own for each attempt to connect and shortly before the
 * token of a running stream ends, and a thread that makes a unary call when the client has no token yet or the server
 * said TOKEN_EXPIRED. Several threads may be in it at once. It may block, and then holds up its thread; it must not use
 * the client that asks.
 */
typedef int (*parley_token_provider)(void *userdata, char *ret_token, size_t token_bytes);

/* ---- options ---- */
/* Texts are copied. One thread at a time. Free with parley_options_free, also after parley_client_new. */
PARLEY_API parley_options *parley_options_new(void);
PARLEY_API void parley_options_free(parley_options *options);
/* host:port, or unix:/path. Default 127.0.0.1:50051. */
PARLEY_API void parley_options_set_endpoint(parley_options *options, const char *endpoint);
/* A device token; sent as authorization: Bearer. NULL takes it back, here and in the next two. */
PARLEY_API void parley_options_set_token(parley_options *options, const char *token);
/*
 * Takes the place of the token: a stream then outlives any single one. userdata is borrowed until the client is freed.
 * NULL takes it back.
 */
PARLEY_API void parley_options_set_token_provider(parley_options *options, parley_token_provider provider,
                                                  void *userdata);
/* An app's API key or the operator's key; sent as x-api-key. */
PARLEY_API void parley_options_set_api_key(parley_options *options, const char *api_key);
/* With an API key: the user for whom the app acts; sent as parley-user. */
PARLEY_API void parley_options_set_acting_user(parley_options *options, const char *user_id);
/* Deadline of a call with all its attempts, 1 to 600,000; default 10,000. */
PARLEY_API void parley_options_set_timeout_ms(parley_options *options, int timeout_ms);
/* Name and version of the program, for the operator's logs; at most 100 bytes are used. */
PARLEY_API void parley_options_set_client_name(parley_options *options, const char *name);

/* ---- the client ---- */
/*
 * Copies the options; connects when it is first used. PARLEY_INVALID_ARGUMENT: the endpoint cannot be understood, or a
 * credential has characters that cannot be sent. Free with parley_client_free.
 */
PARLEY_API parley_status parley_client_new(const parley_options *options, parley_client **ret_client,
                                           parley_error *ret_error);
/* No call may be running and every stream must be closed. NULL is allowed. */
PARLEY_API void parley_client_free(parley_client *client);
/*
 * Connects now. Unlike a call, it gives up at the first failed attempt, so that a program can say at once that nobody
 * is there. PARLEY_UNREACHABLE, also when timeout_ms (0: the client's) is over.
 */
PARLEY_API parley_status parley_client_connect(parley_client *client, int timeout_ms, parley_error *ret_error);

/* The library's version, e.g. "0.1.0". */
PARLEY_API const char *parley_version(void);
/* A new UUID version 7, as messages carry it. Any thread. */
PARLEY_API void parley_id_make(char ret_id[PARLEY_ID_BYTES]);

/* ---- administration: operator key, or API key of the app where said ---- */
PARLEY_API parley_status parley_create_app(parley_client *client, const char *name, parley_app **ret_app,
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

/* ---- users: API key ---- */
PARLEY_API parley_status parley_create_user(parley_client *client, const parley_new_user *new_user,
                                            parley_user **ret_user, parley_error *ret_error);
/* Also a device. */
PARLEY_API parley_status parley_get_user(parley_client *client, const char *user_id, parley_user **ret_user,
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

/* ---- chats: device token, or API key with an acting user ---- */
PARLEY_API parley_status parley_create_chat(parley_client *client, const parley_new_chat *new_chat,
                                            parley_chat **ret_chat, parley_error *ret_error);
PARLEY_API parley_status parley_get_chat(parley_client *client, const char *chat_id, parley_chat **ret_chat,
                                         parley_error *ret_error);
/* user_id NULL: the caller. page_size 0: 50. page_token NULL or empty: the first page. */
PARLEY_API parley_status parley_list_chats(parley_client *client, const char *user_id, int page_size,
                                           const char *page_token, parley_chats **ret_chats, parley_error *ret_error);

/* Groups; admins. Repeated by the library only without an etag. ret_chat may be NULL. */
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
/* The same within bounds; filter and bounds must be the same for every page. */
PARLEY_API parley_status parley_list_messages_within(parley_client *client, const char *chat_id,
                                                     const parley_message_filter *filter, int page_size,
                                                     const char *page_token, parley_messages **ret_messages,
                                                     parley_error *ret_error);
/* The own message gets another body. Not repeated by the library: each edit is an entry. ret_message may be NULL. */
PARLEY_API parley_status parley_edit_message(parley_client *client, const char *message_id, const parley_edit *edit,
                                             parley_message **ret_message, parley_error *ret_error);
/* Deletes for all. ret_seq, which may be NULL: of the entry that did it; 0 when it was deleted already. */
PARLEY_API parley_status parley_delete_message(parley_client *client, const char *message_id, int64_t *ret_seq,
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
