/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What handlers may ask of any call, unary or streaming, and how it begins, fails and is logged. */
#include "rpc/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "rpc/answer.h"
#include "rpc/codec.h"
#include "rpc/connection.h"

/*
 * Unpacking takes at most this much per byte of the largest request, and a little more for small ones: far above what
 * sensible messages need, far below what a message of empty sub-messages would take.
 */
enum { ARENA_BYTES_PER_REQUEST_BYTE = 8, ARENA_BYTES_MIN = 64 << 10, LOG_FIELDS = 10, REQUEST_ID_BYTES_MAX = 128 };
enum { INVALID_ARGUMENT_CODE = 3 };

static void on_late(struct pl_timer *timer)
{
    pl_answer_late(pl_container_of(timer, struct pl_call, late));
}

static void set_deadline(struct pl_call *call)
{
    int64_t timeout_us = pl_metadata_timeout_us(&call->metadata);

    call->started_us = pl_clock_now_us();
    call->deadline_us = timeout_us == INT64_MAX ? INT64_MAX : call->started_us + timeout_us;
    call->late.run = on_late;
    if (call->deadline_us != INT64_MAX)
        pl_timers_arm(&call->home->io.loop.timers, &call->late, call->deadline_us);
}

/* Of a list of codings ("identity, deflate, gzip"). */
static bool takes_gzip(const struct pl_buf *metadata)
{
    const char *codings = pl_metadata_find(metadata, "grpc-accept-encoding");

    return codings != NULL && strstr(codings, "gzip") != NULL;
}

void pl_call_init(struct pl_call *call, const struct pl_call_kind *kind, const struct pl_served *served,
                  struct pl_connection *connection, int32_t stream_id, struct pl_buf *metadata)
{
    size_t arena_bytes = (size_t)served->method->request_bytes_max * ARENA_BYTES_PER_REQUEST_BYTE + ARENA_BYTES_MIN;

    call->kind = kind;
    call->served = served;
    call->rpc = served->rpc;
    call->home = connection->home;
    call->connection = connection;
    call->stream_id = stream_id;
    call->metadata = *metadata;
    pl_metadata_init(metadata);
    call->takes_gzip = takes_gzip(&call->metadata);
    pl_arena_init(&call->arena, arena_bytes);
    set_deadline(call);
    atomic_fetch_add(&call->rpc->living, 1);
}

void pl_call_forget_admission(struct pl_call *call)
{
    size_t arena_bytes = call->arena.bytes_max;
    pl_arena_fini(&call->arena);
    pl_arena_init(&call->arena, arena_bytes);
    pl_buf_fini(&call->metadata);
}

void pl_call_fini(struct pl_call *call)
{
    pl_timers_disarm(&call->home->io.loop.timers, &call->late);
    pl_inbound_reset(&call->inbound);
    free(call->out);
    pl_arena_fini(&call->arena);
    pl_buf_fini(&call->metadata);
    pl_connection_release(call->connection, call);
}

enum pl_status pl_call_cancel_status(const struct pl_call *call)
{
    return pl_clock_now_us() >= call->deadline_us ? PL_DEADLINE_EXCEEDED : PL_CANCELLED;
}

enum pl_status pl_call_refusal(struct pl_call *call, int64_t open, int64_t max)
{
    enum pl_status status = PL_OK;

    if (atomic_load(&call->rpc->draining) && !call->served->builtin) {
        status = PL_DRAINING;
    } else if (open > max) {
        status = PL_OVERLOADED;
        pl_metrics_add(call->rpc->options.metrics, PL_METRIC_calls_refused_total, 1);
    }
    if (status != PL_OK)
        pl_call_retry_after(call, PL_RETRY_AFTER_MS);
    return status;
}

/* Who called, as far as admission found out. */
static unsigned add_principal(const struct pl_call *call, char text[2][PL_UUID_TEXT_CHARS + 1],
                              struct pl_log_field *fields)
{
    unsigned count = 0;

    if (!pl_uuid_is_nil(&call->principal.app_id.uuid)) {
        pl_uuid_format(&call->principal.app_id.uuid, text[0]);
        fields[count++] = PL_LOG_TEXT("app_id", text[0]);
    }
    if (!pl_uuid_is_nil(&call->principal.user_id.uuid)) {
        pl_uuid_format(&call->principal.user_id.uuid, text[1]);
        fields[count++] = PL_LOG_TEXT("user_id", text[1]);
    }
    return count;
}

/* What the caller calls this request, by which it is found in several logs. NULL without, or when it is too long. */
static const char *request_id_of(const struct pl_call *call)
{
    const char *id = pl_metadata_find(&call->metadata, "x-request-id");

    return id != NULL && id[0] != '\0' && strlen(id) <= REQUEST_ID_BYTES_MAX ? id : NULL;
}

void pl_call_log(const struct pl_call *call, const char *event, enum pl_status status)
{
    char ids[2][PL_UUID_TEXT_CHARS + 1];
    char peer[PL_PEER_TEXT_BYTES];
    const char *request_id = request_id_of(call);
    struct pl_log_field fields[LOG_FIELDS] = {
        PL_LOG_TEXT("method", call->served->method->path),
        PL_LOG_TEXT("status", pl_status_reason(status)),
        PL_LOG_NUMBER("code", pl_status_grpc_code(status)),
        PL_LOG_NUMBER("duration_us", pl_clock_now_us() - call->started_us),
        PL_LOG_NUMBER("bytes_in", call->bytes_in),
        PL_LOG_NUMBER("bytes_out", call->bytes_out),
        PL_LOG_TEXT("peer", peer),
    };
    unsigned count = 7 + add_principal(call, ids, fields + 7);

    pl_peer_format(&call->connection->peer, peer);
    if (request_id != NULL)
        fields[count++] = PL_LOG_TEXT("request_id", request_id);
    pl_log_fields(PL_LOG_INFO, event, fields, count);
}

enum pl_status pl_call_unpack(struct pl_call *call, struct pl_arena *arena, ProtobufCMessage **ret_message)
{
    struct pl_inbound *inbound = &call->inbound;
    enum pl_status status =
        pl_codec_unpack(call->served->api->input, inbound->message, pl_inbound_bytes(inbound), arena, ret_message);

    pl_inbound_reset(inbound);
    return status;
}

const struct pl_api_method *pl_call_method(const struct pl_call *call)
{
    return call->served->api;
}

bool pl_call_has_secret(const struct pl_call *call)
{
    return call->served->method->has_secret;
}

const char *pl_call_metadata(struct pl_call *call, const char *key)
{
    const char *value = pl_metadata_find(&call->metadata, key);

    return value != NULL ? pl_arena_copy(&call->arena, value, strlen(value)) : NULL;
}

enum pl_spends pl_call_spends(const struct pl_call *call)
{
    return call->served->method->spends;
}

int64_t pl_call_request_bytes(const struct pl_call *call)
{
    return call->bytes_in;
}

void *pl_call_context(const struct pl_call *call)
{
    return call->rpc->options.context;
}

struct pl_loop *pl_call_loop(const struct pl_call *call)
{
    return &call->home->io.loop;
}

struct pl_arena *pl_call_arena(struct pl_call *call)
{
    return &call->arena;
}

struct pl_principal *pl_call_principal(struct pl_call *call)
{
    return &call->principal;
}

void pl_call_set_owner(struct pl_call *call, void *owner)
{
    call->owner = owner;
}

void *pl_call_owner(const struct pl_call *call)
{
    return call->owner;
}

int64_t pl_call_deadline_us(const struct pl_call *call)
{
    return call->deadline_us;
}

void pl_call_admit(struct pl_call *call)
{
    call->kind->admit(call);
}

static bool has_detail(const struct pl_error *error, const char *key)
{
    for (unsigned i = 0; i < error->count; i++)
        if (strcmp(error->keys[i], key) == 0)
            return true;
    return false;
}

/* "chat_id is not a UUID" names its field by its first word. Frames of a stream are not meant. */
static void note_field(struct pl_call *call, enum pl_status status)
{
    const struct pl_api_method *method = pl_call_method(call);
    const struct pl_error *error = &call->error;
    const char *sentence = error->sentence != NULL ? error->sentence : pl_status_sentence(status);
    const char *word = pl_arena_copy(&call->arena, sentence, strcspn(sentence, " "));

    if (pl_status_grpc_code(status) != INVALID_ARGUMENT_CODE || method->client_streaming ||
        error->count == PL_ERROR_DETAILS_MAX || has_detail(error, "field"))
        return;
    if (protobuf_c_message_descriptor_get_field_by_name(method->input, word) != NULL)
        pl_call_detail(call, "field", word);
}

void pl_call_fail(struct pl_call *call, enum pl_status status, const char *format, ...)
{
    pl_assert(status != PL_OK);
    if (format != NULL) {
        char sentence[PL_ERROR_SENTENCE_BYTES_MAX];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(sentence, sizeof(sentence), format, arguments);
        va_end(arguments);
        pl_error_trim(sentence);
        call->error.sentence = pl_arena_copy(&call->arena, sentence, strlen(sentence));
    }
    note_field(call, status);
    call->kind->fail(call, status);
}

static const char *copy_value(struct pl_call *call, const char *text)
{
    char *copy = pl_arena_copy(&call->arena, text, strnlen(text, PL_ERROR_VALUE_BYTES_MAX));

    pl_error_trim(copy);
    return copy;
}

void pl_call_detail(struct pl_call *call, const char *key, const char *value)
{
    struct pl_error *error = &call->error;

    pl_assert(error->count < PL_ERROR_DETAILS_MAX);
    error->keys[error->count] = copy_value(call, key);
    error->values[error->count] = copy_value(call, value);
    error->count++;
}

void pl_call_header(struct pl_call *call, const char *key, const char *value)
{
    pl_assert(call->header_count < PL_CALL_HEADERS_MAX);
    call->headers[call->header_count].key = key;
    call->headers[call->header_count].value = value;
    call->header_count++;
}

void pl_call_retry_after(struct pl_call *call, int delay_ms)
{
    call->error.retry_after_ms = delay_ms;
}
