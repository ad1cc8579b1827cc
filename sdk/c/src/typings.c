/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "sdk/c/src/typings.h"

void pl_typings_init(struct pl_typings *typings)
{
    *typings = (struct pl_typings){.due_count = 0};
}

void pl_typings_begin_session(struct pl_typings *typings)
{
    pl_typings_init(typings);
}

static bool is_same(const struct pl_chat_id *one, const struct pl_chat_id *other)
{
    return pl_uuid_equal(&one->uuid, &other->uuid);
}

/* In place of what is to be said of the chat already. */
static void say(struct pl_typings *typings, const struct pl_typing *typing)
{
    size_t at = 0;
    while (at < typings->due_count && !is_same(&typings->due[at].chat_id, &typing->chat_id))
        at++;
    if (at == PL_TYPINGS_MAX)
        return;
    typings->due[at] = *typing;
    typings->due_count += at == typings->due_count;
}

void pl_typings_put(struct pl_typings *typings, const struct pl_typing *typing, int64_t now_us)
{
    size_t at = 0;
    for (size_t i = 0; i < PL_TYPINGS_MAX; i++) {
        bool is_it = typings->said[i].said_us != 0 && is_same(&typings->said[i].typing.chat_id, &typing->chat_id);
        bool is_older = typings->said[i].said_us < typings->said[at].said_us;
        if (is_it || is_older)
            at = i;
        if (is_it)
            break;
    }
    bool is_known = typings->said[at].said_us != 0 && is_same(&typings->said[at].typing.chat_id, &typing->chat_id);
    bool was_typing = is_known && typings->said[at].typing.is_typing;
    bool is_free = typings->said[at].said_us == 0 || now_us >= typings->said[at].said_us + PL_TYPINGS_EVERY_US;
    if (typing->is_typing ? !is_free : !was_typing)
        return;
    if (typing->is_typing)
        typings->said[at].said_us = now_us;
    typings->said[at].typing = *typing;
    say(typings, typing);
}

size_t pl_typings_take(struct pl_typings *typings, struct pl_typing *ret_typings)
{
    size_t count = typings->due_count;
    for (size_t i = 0; i < count; i++)
        ret_typings[i] = typings->due[i];
    typings->due_count = 0;
    return count;
}
