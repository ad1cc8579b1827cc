/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Ids by small numbers, so that a test can say chat 2, user 1, device 3 and find them again in a frame. */
#ifndef TESTS_UNIT_DELIVERY_IDS_H
#define TESTS_UNIT_DELIVERY_IDS_H

#include "base/uuid.h"

/* Chats 0 and 1, and those from GROUPS_FIRST on, are groups. */
enum { CHATS_MAX = 16, USERS_MAX = 8, GROUPS_FIRST = 12 };

static inline struct pl_uuid id_of(char kind, int number)
{
    return (struct pl_uuid){{(uint8_t)kind, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, (uint8_t)number}};
}

static inline int number_of(const struct pl_uuid *uuid)
{
    return uuid->bytes[15];
}

static inline bool is_group(int chat)
{
    return chat < 2 || chat >= GROUPS_FIRST;
}

static inline struct pl_chat_id chat_id(int number)
{
    struct pl_chat_id id = {id_of('c', number)};
    if (!is_group(number))
        id.uuid.bytes[6] = 0x80;
    return id;
}

static inline struct pl_user_id user_id(int number)
{
    return (struct pl_user_id){id_of('u', number)};
}

static inline struct pl_device_id device_id(int number)
{
    return (struct pl_device_id){id_of('d', number)};
}

#endif
