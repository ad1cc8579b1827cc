/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What handlers may ask of any call, unary or streaming, and how it begins, fails and is logged. */
#include "rpc/call.h"

#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "rpc/call_state.h"
#include "rpc/rpc_state.h"

/*
 * Unpacking takes at most this much per byte of the largest request, and a little more for small ones: far above what
 * sensible messages need, far below what a message of empty sub-messages would take.
 */
enum { ARENA_BYTES_PER_REQUEST_BYTE = 8, ARENA_BYTES_MIN = 64 << 10, LOG_FIELDS = 10, REQUEST_ID_BYTES_MAX = 128 };

void pl_call_init(struct pl_call *call, const struct pl_served *served, struct pl_queue_loop *home,
                  const struct pl_call_kind *kind)
{
    size_t arena_bytes = (size_t)served->method->request_bytes_max * ARENA_BYTES_PER_REQUEST_BYTE + ARENA_BYTES_MIN;

    call->kind = kind;
    call->served = served;
    call->rpc = served->rpc;
    call->home = home;
    pl_arena_init(&call->arena, arena_bytes);
    grpc_metadata_array_init(&call->metadata);
    atomic_fetch_add(&call->rpc->living, 1);
}

static int64_t deadline_of(const struct pl_call *call)
{
    gpr_timespec left;

    if (gpr_time_cmp(call->core_deadline, gpr_inf_future(call->core_deadline.clock_type)) == 0)
        return INT64_MAX;
    left = gpr_time_sub(call->core_deadline, gpr_now(call->core_deadline.clock_type));
    if (gpr_time_cmp(left, gpr_time_from_hours(24 * 365, GPR_TIMESPAN)) > 0)
        return INT64_MAX;
    return call->started_us + left.tv_sec * INT64_C(1000000) + left.tv_nsec / 1000;
}

void pl_call_begin(struct pl_call *call)
{
    call->started_us = pl_clock_now_us();
    call->deadline_us = deadline_of(call);
}

void pl_call_forget_admission(struct pl_call *call)
{
    size_t arena_bytes = call->arena.bytes_max;
    pl_arena_fini(&call->arena);
    pl_arena_init(&call->arena, arena_bytes);
    grpc_metadata_array_destroy(&call->metadata);
    grpc_metadata_array_init(&call->metadata);
}

void pl_call_fini(struct pl_call *call)
{
    pl_arena_fini(&call->arena);
    grpc_metadata_array_destroy(&call->metadata);
    if (call->core != NULL)
        grpc_call_unref(call->core);
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

static const grpc_metadata *find_metadata(const struct pl_call *call, const char *key)
{
    for (size_t i = 0; i < call->metadata.count; i++)
        if (grpc_slice_str_cmp(call->metadata.metadata[i].key, key) == 0)
            return &call->metadata.metadata[i];
    return NULL;
}

/* What the caller calls this request, by which it is found in several logs. False without, or when it is too long. */
static bool copy_request_id(const struct pl_call *call, char ret_text[REQUEST_ID_BYTES_MAX + 1])
{
    const grpc_metadata *item = find_metadata(call, "x-request-id");
    size_t bytes = item != NULL ? GRPC_SLICE_LENGTH(item->value) : 0;

    if (bytes == 0 || bytes > REQUEST_ID_BYTES_MAX)
        return false;
    memcpy(ret_text, GRPC_SLICE_START_PTR(item->value), bytes);
    ret_text[bytes] = '\0';
    return true;
}

void pl_call_log(const struct pl_call *call, const char *event, enum pl_status status)
{
    char ids[2][PL_UUID_TEXT_CHARS + 1];
    char peer[PL_PEER_TEXT_BYTES];
    char request_id[REQUEST_ID_BYTES_MAX + 1];
    char *core_peer = grpc_call_get_peer(call->core);
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

    pl_listener_peer(call->rpc->listener, core_peer, peer);
    gpr_free(core_peer);
    if (copy_request_id(call, request_id))
        fields[count++] = PL_LOG_TEXT("request_id", request_id);
    pl_log_fields(PL_LOG_INFO, event, fields, count);
}

void pl_call_start(struct pl_call *call, const grpc_op *ops, size_t count, struct pl_tag *tag)
{
    grpc_call_error error = grpc_call_start_batch(call->core, ops, count, tag, NULL);

    pl_assert(error == GRPC_CALL_OK);
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
    const grpc_metadata *item = find_metadata(call, key);

    if (item == NULL)
        return NULL;
    return pl_arena_copy(&call->arena, GRPC_SLICE_START_PTR(item->value), GRPC_SLICE_LENGTH(item->value));
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
    return &call->home->loop;
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

    if (pl_status_grpc_code(status) != GRPC_STATUS_INVALID_ARGUMENT || method->client_streaming ||
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
    call->headers[call->header_count++] = (grpc_metadata){
        .key = grpc_slice_from_static_string(key),
        .value = grpc_slice_from_static_buffer(value, strlen(value)),
    };
}

void pl_call_retry_after(struct pl_call *call, int delay_ms)
{
    call->error.retry_after_ms = delay_ms;
}
