/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Built with protobuf-c's own structs on the stack. */
#include "rpc/error_details.h"

#include <string.h>

#include "base/utf8.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"

#define TYPE_URL_PREFIX "type.googleapis.com/"

enum { DETAILS_MAX = 2 };

void pl_error_trim(char *text)
{
    size_t bytes = strlen(text);

    while (bytes > 0 && !pl_utf8_valid(text, bytes))
        text[--bytes] = '\0';
}

static void pack_any(Google__Protobuf__Any *any, char *type_url, const ProtobufCMessage *message,
                     struct pl_arena *arena)
{
    google__protobuf__any__init(any);
    any->type_url = type_url;
    any->value.len = protobuf_c_message_get_packed_size(message);
    any->value.data = pl_arena_alloc(arena, any->value.len + 1);
    protobuf_c_message_pack(message, any->value.data);
}

static void pack_info(Google__Protobuf__Any *any, enum pl_status status, const struct pl_error *error,
                      struct pl_arena *arena)
{
    static char type_url[] = TYPE_URL_PREFIX "google.rpc.ErrorInfo";
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    Google__Rpc__ErrorInfo__MetadataEntry entries[PL_ERROR_DETAILS_MAX];
    Google__Rpc__ErrorInfo__MetadataEntry *pointers[PL_ERROR_DETAILS_MAX];
    static char domain[] = "parley";

    info.reason = (char *)pl_status_reason(status);
    info.domain = domain;
    for (unsigned i = 0; i < error->count; i++) {
        google__rpc__error_info__metadata_entry__init(&entries[i]);
        entries[i].key = (char *)error->keys[i];
        entries[i].value = (char *)error->values[i];
        pointers[i] = &entries[i];
    }
    info.n_metadata = error->count;
    info.metadata = pointers;
    pack_any(any, type_url, &info.base, arena);
}

static void pack_retry(Google__Protobuf__Any *any, int retry_after_ms, struct pl_arena *arena)
{
    static char type_url[] = TYPE_URL_PREFIX "google.rpc.RetryInfo";
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
    Google__Rpc__RetryInfo info = GOOGLE__RPC__RETRY_INFO__INIT;

    delay.seconds = retry_after_ms / 1000;
    delay.nanos = retry_after_ms % 1000 * 1000000;
    info.retry_delay = &delay;
    pack_any(any, type_url, &info.base, arena);
}

const char *pl_error_sentence(enum pl_status status, const struct pl_error *error)
{
    return error->sentence != NULL ? error->sentence : pl_status_sentence(status);
}

const uint8_t *pl_error_pack(enum pl_status status, const struct pl_error *error, struct pl_arena *arena,
                             size_t *ret_bytes)
{
    Google__Rpc__Status message = GOOGLE__RPC__STATUS__INIT;
    Google__Protobuf__Any details[DETAILS_MAX];
    Google__Protobuf__Any *pointers[DETAILS_MAX] = {&details[0], &details[1]};
    uint8_t *packed;

    pack_info(&details[0], status, error, arena);
    message.n_details = 1;
    if (error->retry_after_ms > 0) {
        pack_retry(&details[1], error->retry_after_ms, arena);
        message.n_details = 2;
    }
    message.code = pl_status_grpc_code(status);
    message.message = (char *)pl_error_sentence(status, error);
    message.details = pointers;
    packed = pl_arena_alloc(arena, google__rpc__status__get_packed_size(&message) + 1);
    *ret_bytes = google__rpc__status__pack(&message, packed);
    return packed;
}
