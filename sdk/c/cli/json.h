/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What scripts see: one JSON object on a line, with the field names of the public API. Times are RFC 3339 in UTC. Every
 * function prints one line and flushes it.
 */
#ifndef PL_CLI_JSON_H
#define PL_CLI_JSON_H

#include <jansson.h>
#include <parley/parley.h>

/* New references. */
json_t *pl_json_message(const parley_message *message);
json_t *pl_json_chat(const parley_chat *chat);
json_t *pl_json_participant(const parley_participant *participant);
json_t *pl_json_presence(const parley_presence *presence);
json_t *pl_json_device(const parley_device *device);
json_t *pl_json_block(const parley_block *block);
/* With the secret when there is one. */
json_t *pl_json_api_key(const parley_api_key *key);
json_t *pl_json_user(const parley_user *user);
json_t *pl_json_time(int64_t time_us);
/* As events on a line of their own: {"event": "receipt", …}, {"event": "group_receipt", …}. */
json_t *pl_json_receipt(const parley_receipt *receipt);
json_t *pl_json_group_receipt(const parley_group_receipt *receipt);
/* "owner", "admin", "member". */
const char *pl_json_role_word(parley_role role);
/* "sent", "delivered", …; "" when it is not known. */
const char *pl_json_status_word(parley_message_status status);
/* Prints the object as a line and drops the reference. */
void pl_json_print(json_t *object);

#endif
