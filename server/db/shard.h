/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Where a chat's rows live. A transaction never mixes shards. */
#ifndef PL_DB_SHARD_H
#define PL_DB_SHARD_H

#include <stdint.h>

#include "base/uuid.h"

/* On one PostgreSQL everything is one shard. */
static inline uint32_t pl_shard_of(struct pl_chat_id chat_id)
{
    (void)chat_id;
    return 0;
}

#endif
