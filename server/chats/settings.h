/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A chat's settings: their bounds and defaults, and how requests, rows and columns hold them. Any thread. */
#ifndef PL_CHATS_SETTINGS_H
#define PL_CHATS_SETTINGS_H

#include "base/arena.h"
#include "db/db.h"
#include "parley/v1/chat_service.pb-c.h"

#define PL_SETTING_COUNT 7
#define PL_SETTING_MESSAGE_TTL 6 /* the one that individual chats have, too */

/* "settings.join_policy" and so on: as an update_mask names them. */
extern const char *const pl_setting_paths[PL_SETTING_COUNT];

/* What is wrong with settings in a request, or NULL. */
const char *pl_settings_fault(const Parley__V1__ChatSettings *settings);
/* Out of the column, which may be null. What was never set is what it stands for. In the arena. */
Parley__V1__ChatSettings *pl_settings_read(const void *packed, size_t bytes, struct pl_arena *arena);
/* The setting of pl_setting_paths[i], from a request that may have none. */
void pl_settings_take(Parley__V1__ChatSettings *settings, unsigned i, const Parley__V1__ChatSettings *wanted);
/* Parameters for the columns settings, who_may_send, read_receipts and message_ttl. settings NULL: a chat without any.
 */
void pl_settings_put(struct pl_params *params, const Parley__V1__ChatSettings *settings, struct pl_arena *arena);

#endif
