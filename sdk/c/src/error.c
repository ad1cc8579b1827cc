/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * How a failure becomes a parley_error: by the reason in google.rpc.ErrorInfo when the library knows it, else by the
 * gRPC code. A failure without ErrorInfo did not come from Parley but from the connection or something in between.
 */
#include "sdk/c/src/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "rpc/codec.h"

/* Those of google.rpc.Code that mean "try again". */
enum {
    GRPC_CODE_OK = 0,
    GRPC_CODE_CANCELLED = 1,
    GRPC_CODE_UNKNOWN = 2,
    GRPC_CODE_DEADLINE_EXCEEDED = 4,
    GRPC_CODE_RESOURCE_EXHAUSTED = 8,
    GRPC_CODE_ABORTED = 10,
    GRPC_CODE_INTERNAL = 13,
    GRPC_CODE_UNAVAILABLE = 14,
};

#define DETAILS_BYTES_MAX (64 << 10)
#define NANOS_PER_S 1000000000
#define PAUSE_S_MAX 1000000

static void put_reason(parley_error *error, const char *reason)
{
    snprintf(error->reason, sizeof error->reason, "%s", reason);
}

static void put_sentence(parley_error *error, const char *sentence)
{
    const char *text = sentence != NULL && sentence[0] != '\0' ? sentence : parley_status_sentence(error->status);
    snprintf(error->sentence, sizeof error->sentence, "%s", text);
}

parley_status pl_error_set(parley_error *ret_error, parley_status status, const char *format, ...)
{
    va_list arguments;
    if (ret_error == NULL)
        return status;
    *ret_error = (parley_error){.status = status};
    put_reason(ret_error, parley_status_reason(status));
    put_sentence(ret_error, NULL);
    if (format != NULL) {
        va_start(arguments, format);
        vsnprintf(ret_error->sentence, sizeof ret_error->sentence, format, arguments);
        va_end(arguments);
    }
    return status;
}

/* The general word for a gRPC code: the first of its rows that does not claim too much. */
static parley_status status_of_code(int grpc_code)
{
    for (int status = 0; status < PL_STATUS_COUNT; status++)
        if (pl_status_grpc_code((enum pl_status)status) == grpc_code && status != PL_MESSAGE_TOO_LARGE &&
            status != PL_SESSION_REPLACED)
            return (parley_status)status;
    return PARLEY_INTERNAL;
}

static parley_status status_of_reason(const char *reason, int grpc_code)
{
    for (int status = 0; status < PL_STATUS_COUNT; status++)
        if (strcmp(pl_status_reason((enum pl_status)status), reason) == 0)
            return (parley_status)status;
    return status_of_code(grpc_code);
}

void pl_error_from_reason(parley_error *ret_error, int grpc_code, const char *reason, const char *sentence)
{
    *ret_error = (parley_error){.status = status_of_reason(reason, grpc_code)};
    put_reason(ret_error, reason);
    put_sentence(ret_error, sentence);
}

static ProtobufCMessage *unpack_any(const Google__Protobuf__Any *any, const ProtobufCMessageDescriptor *descriptor,
                                    struct pl_arena *arena)
{
    ProtobufCMessage *message = NULL;
    const char *slash = strrchr(any->type_url, '/');
    if (slash == NULL || strcmp(slash + 1, descriptor->name) != 0)
        return NULL;
    if (pl_codec_unpack(descriptor, any->value.data, any->value.len, arena, &message) != PL_OK)
        return NULL;
    return message;
}

/* 0 for what is no pause; at most PAUSE_S_MAX, so that a spread can still be added. */
static int milliseconds(const Google__Protobuf__Duration *duration)
{
    if (duration->seconds < 0 || duration->nanos < 0 || duration->nanos >= NANOS_PER_S)
        return 0;
    if (duration->seconds >= PAUSE_S_MAX)
        return PAUSE_S_MAX * 1000;
    return (int)duration->seconds * 1000 + duration->nanos / 1000000;
}

static void take_info(struct pl_failure *failure, const Google__Rpc__ErrorInfo *info, struct pl_arena *arena)
{
    parley_metadata *metadata = pl_arena_array(arena, parley_metadata, info->n_metadata + 1);
    for (size_t i = 0; i < info->n_metadata; i++)
        metadata[i] = (parley_metadata){.key = info->metadata[i]->key, .value = info->metadata[i]->value};
    failure->reason = info->reason;
    failure->domain = info->domain;
    failure->metadata = metadata;
    failure->metadata_count = (unsigned)info->n_metadata;
}

/* Leaves reason NULL when there is no ErrorInfo. */
static void take_details(struct pl_failure *failure, const struct pl_error_source *source, struct pl_arena *arena)
{
    ProtobufCMessage *message = NULL;
    const Google__Rpc__Status *status;
    if (source->details_bytes == 0 || pl_codec_unpack(&google__rpc__status__descriptor, source->details,
                                                      source->details_bytes, arena, &message) != PL_OK)
        return;
    status = (const Google__Rpc__Status *)message;
    for (size_t i = 0; i < status->n_details; i++) {
        const Google__Rpc__ErrorInfo *info =
            (const Google__Rpc__ErrorInfo *)unpack_any(status->details[i], &google__rpc__error_info__descriptor, arena);
        const Google__Rpc__RetryInfo *retry =
            (const Google__Rpc__RetryInfo *)unpack_any(status->details[i], &google__rpc__retry_info__descriptor, arena);
        if (info != NULL)
            take_info(failure, info, arena);
        if (retry != NULL && retry->retry_delay != NULL)
            failure->retry_after_ms = milliseconds(retry->retry_delay);
    }
}

/* A failure of the connection. gRPC tells only by its words whether there was one to send on. */
static void take_code(struct pl_failure *failure, const struct pl_error_source *source)
{
    static const char never_connected[] = "failed to connect to all addresses";
    failure->status = status_of_code(source->grpc_code);
    failure->domain = "";
    if (source->grpc_code == GRPC_CODE_UNAVAILABLE) {
        failure->status = PARLEY_UNREACHABLE;
        failure->unsent = strncmp(source->sentence, never_connected, sizeof never_connected - 1) == 0;
    }
    failure->reason = parley_status_reason(failure->status);
    failure->retry_after_ms = 0;
}

void pl_failure_from_grpc(const struct pl_error_source *source, struct pl_arena *arena, struct pl_failure *ret_failure)
{
    struct pl_failure failure = {.status = PARLEY_OK};
    take_details(&failure, source, arena);
    if (failure.reason != NULL)
        failure.status = status_of_reason(failure.reason, source->grpc_code);
    else
        take_code(&failure, source);
    failure.sentence = source->sentence[0] != '\0' ? pl_arena_copy(arena, source->sentence, strlen(source->sentence))
                                                   : parley_status_sentence(failure.status);
    *ret_failure = failure;
}

void pl_error_from_failure(parley_error *ret_error, const struct pl_failure *failure)
{
    *ret_error = (parley_error){.status = failure->status, .retry_after_ms = failure->retry_after_ms};
    put_reason(ret_error, failure->reason);
    put_sentence(ret_error, failure->sentence);
}

void pl_error_from_grpc(parley_error *ret_error, const struct pl_error_source *source)
{
    struct pl_arena arena;
    struct pl_failure failure;
    pl_arena_init(&arena, DETAILS_BYTES_MAX);
    pl_failure_from_grpc(source, &arena, &failure);
    pl_error_from_failure(ret_error, &failure);
    pl_arena_fini(&arena);
}

parley_status pl_error_give(parley_error *ret_error, const parley_error *error)
{
    if (ret_error != NULL)
        *ret_error = *error;
    return error->status;
}

bool pl_error_is_passing(const parley_error *error)
{
    switch ((int)error->status) {
    case PARLEY_UNREACHABLE:
    case PARLEY_OVERLOADED:
    case PARLEY_UNAVAILABLE:
    case PARLEY_DATABASE_UNAVAILABLE:
    case PARLEY_OUTCOME_UNKNOWN:
    case PARLEY_DRAINING:
        return true;
    default:
        return error->retry_after_ms > 0;
    }
}

static bool code_is_final(int grpc_code)
{
    switch (grpc_code) {
    case GRPC_CODE_OK:
    case GRPC_CODE_CANCELLED:
    case GRPC_CODE_UNKNOWN:
    case GRPC_CODE_DEADLINE_EXCEEDED:
    case GRPC_CODE_RESOURCE_EXHAUSTED:
    case GRPC_CODE_ABORTED:
    case GRPC_CODE_INTERNAL:
    case GRPC_CODE_UNAVAILABLE:
        return false;
    default:
        return true;
    }
}

bool pl_error_is_final(const parley_error *error)
{
    if (error->status == PARLEY_SESSION_REPLACED)
        return true;
    if ((unsigned)error->status >= PL_STATUS_COUNT)
        return false;
    return code_is_final(pl_status_grpc_code((enum pl_status)error->status));
}
