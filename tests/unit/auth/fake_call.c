/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What server/auth asks of a call. */
#include "unit/auth/fake_call.h"

#include <string.h>

#include "rpc/rpc.h"

static void ring(void *owner)
{
    struct pl_call *call = owner;

    pl_assert(sem_post(&call->mail) == 0);
}

void fake_call_init(struct pl_call *call, enum pl_scope scope)
{
    memset(call, 0, sizeof(*call));
    call->deadline_us = FAKE_DEADLINE_US;
    call->method.scope = scope;
    pl_arena_init(&call->arena, 1 << 20);
    pl_loop_init(&call->loop, 0, ring, call);
    pl_assert(sem_init(&call->mail, 0, 0) == 0);
}

enum pl_status fake_call_wait(struct pl_call *call)
{
    while (call->ended == 0) {
        pl_assert(sem_wait(&call->mail) == 0);
        pl_mailbox_run(&call->loop.mailbox);
    }
    pl_assert(call->ended == 1);
    return call->status;
}

void fake_call_fini(struct pl_call *call)
{
    sem_destroy(&call->mail);
    pl_loop_fini(&call->loop);
    pl_arena_fini(&call->arena);
}

const struct pl_api_method *pl_call_method(const struct pl_call *call)
{
    return &call->method;
}

const char *pl_call_metadata(struct pl_call *call, const char *key)
{
    if (strcmp(key, "x-api-key") == 0)
        return call->api_key;
    if (strcmp(key, "authorization") == 0)
        return call->authorization;
    return strcmp(key, "parley-user") == 0 ? call->acting_user : NULL;
}

enum pl_spends pl_call_spends(const struct pl_call *call)
{
    return call->spends;
}

int64_t pl_call_request_bytes(const struct pl_call *call)
{
    return call->request_bytes;
}

struct pl_loop *pl_call_loop(const struct pl_call *call)
{
    return (struct pl_loop *)&call->loop;
}

struct pl_arena *pl_call_arena(struct pl_call *call)
{
    return &call->arena;
}

struct pl_principal *pl_call_principal(struct pl_call *call)
{
    return &call->principal;
}

int64_t pl_call_deadline_us(const struct pl_call *call)
{
    return call->deadline_us;
}

void pl_call_header(struct pl_call *call, const char *key, const char *value)
{
    if (strcmp(key, "ratelimit") == 0)
        call->ratelimit = value;
    else
        call->ratelimit_policy = value;
}

void pl_call_detail(struct pl_call *call, const char *key, const char *value)
{
    pl_assert(strcmp(key, "limit") == 0);
    call->limit = value;
}

void pl_call_retry_after(struct pl_call *call, int delay_ms)
{
    call->retry_after_ms = delay_ms;
}

void pl_call_admit(struct pl_call *call)
{
    call->ended++;
    call->status = PL_OK;
}

void pl_call_fail(struct pl_call *call, enum pl_status status, const char *format, ...)
{
    va_list arguments;

    call->ended++;
    call->status = status;
    call->sentence = pl_status_sentence(status);
    if (format == NULL)
        return;
    va_start(arguments, format);
    call->sentence = pl_arena_vprintf(&call->arena, format, arguments);
    va_end(arguments);
}
