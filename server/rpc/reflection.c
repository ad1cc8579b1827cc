/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * grpc.reflection.v1 and v1alpha (the same messages, two names), from the tables of api/methods.h. A file is answered
 * together with everything that it imports, so a client needs one question for each service. Extensions are not served.
 */
#include <stdlib.h>
#include <string.h>

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "rpc/call_state.h"
#include "rpc/rpc_state.h"

enum { REQUEST_BYTES_MAX = 4096, NOT_FOUND_CODE = 5 };

typedef Grpc__Reflection__V1__ServerReflectionRequest reflection_request;
typedef Grpc__Reflection__V1__ServerReflectionResponse reflection_response;

static void answer_error(reflection_response *response, char *sentence, struct pl_arena *arena)
{
    Grpc__Reflection__V1__ErrorResponse *error = pl_arena_new(arena, Grpc__Reflection__V1__ErrorResponse);

    grpc__reflection__v1__error_response__init(error);
    error->error_code = NOT_FOUND_CODE;
    error->error_message = sentence;
    response->message_response_case = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
    response->error_response = error;
}

static ProtobufCBinaryData bytes_of(const struct pl_api_file *file)
{
    return (ProtobufCBinaryData){.len = file->bytes, .data = (uint8_t *)file->data};
}

static void answer_file(reflection_response *response, const struct pl_api_file *file, struct pl_arena *arena)
{
    Grpc__Reflection__V1__FileDescriptorResponse *answer =
        pl_arena_new(arena, Grpc__Reflection__V1__FileDescriptorResponse);

    grpc__reflection__v1__file_descriptor_response__init(answer);
    answer->n_file_descriptor_proto = file->dependency_count + 1;
    answer->file_descriptor_proto = pl_arena_array(arena, ProtobufCBinaryData, file->dependency_count + 1);
    answer->file_descriptor_proto[0] = bytes_of(file);
    for (unsigned i = 0; i < file->dependency_count; i++)
        answer->file_descriptor_proto[i + 1] = bytes_of(&pl_api_files[file->dependencies[i]]);
    response->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
    response->file_descriptor_response = answer;
}

static void answer_file_name(reflection_response *response, const char *name, struct pl_arena *arena)
{
    static char sentence[] = "there is no such file";

    for (unsigned i = 0; i < pl_api_file_count; i++) {
        if (strcmp(pl_api_files[i].name, name) == 0) {
            answer_file(response, &pl_api_files[i], arena);
            return;
        }
    }
    answer_error(response, sentence, arena);
}

static int compare_symbol(const void *name, const void *symbol)
{
    return strcmp(name, ((const struct pl_api_symbol *)symbol)->name);
}

static void answer_symbol(reflection_response *response, const char *name, struct pl_arena *arena)
{
    static char sentence[] = "there is no such symbol";
    const struct pl_api_symbol *symbol =
        bsearch(name, pl_api_symbols, pl_api_symbol_count, sizeof(pl_api_symbols[0]), compare_symbol);

    if (symbol != NULL)
        answer_file(response, &pl_api_files[symbol->file], arena);
    else
        answer_error(response, sentence, arena);
}

static void answer_services(reflection_response *response, const struct pl_rpc *rpc, struct pl_arena *arena)
{
    Grpc__Reflection__V1__ListServiceResponse *list = pl_arena_new(arena, Grpc__Reflection__V1__ListServiceResponse);
    const char *previous = "";

    grpc__reflection__v1__list_service_response__init(list);
    list->service = pl_arena_array(arena, Grpc__Reflection__V1__ServiceResponse *, rpc->served_count);
    for (unsigned i = 0; i < rpc->served_count; i++) {
        const char *name = rpc->served[i].api->service;
        if (strcmp(name, previous) != 0) { /* methods come service by service */
            Grpc__Reflection__V1__ServiceResponse *item = pl_arena_new(arena, Grpc__Reflection__V1__ServiceResponse);
            grpc__reflection__v1__service_response__init(item);
            item->name = (char *)name;
            list->service[list->n_service++] = item;
            previous = name;
        }
    }
    response->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
    response->list_services_response = list;
}

static void answer(reflection_response *response, const reflection_request *request, struct pl_call *call,
                   struct pl_arena *arena)
{
    static char not_served[] = "extensions are not served";

    switch (request->message_request_case) {
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
        answer_services(response, call->rpc, arena);
        break;
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
        answer_file_name(response, request->file_by_filename, arena);
        break;
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
        answer_symbol(response, request->file_containing_symbol, arena);
        break;
    default:
        answer_error(response, not_served, arena);
        break;
    }
}

/* The scratch arena holds the request; the answer is built beside it and copied by the write. */
static void received(struct pl_call *call, const ProtobufCMessage *message)
{
    const reflection_request *request = (const reflection_request *)message;
    reflection_response response = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
    struct pl_arena *arena = &call->home->scratch;
    uint8_t *packed;

    response.original_request = (reflection_request *)request;
    response.valid_host = request->host;
    answer(&response, request, call, arena);
    packed = pl_arena_alloc(arena, grpc__reflection__v1__server_reflection_response__get_packed_size(&response));
    pl_call_write(call, packed, grpc__reflection__v1__server_reflection_response__pack(&response, packed));
}

static void half_closed(struct pl_call *call)
{
    pl_call_finish(call);
}

static void ignore(struct pl_call *call)
{
    (void)call;
}

static const struct pl_stream_ops reflection_ops = {
    .opened = ignore,
    .received = received,
    .half_closed = half_closed,
    .written = ignore,
    .closed = ignore,
};

#define REFLECTION_BUILTIN(service_)                                                                                   \
    {                                                                                                                  \
        .api = {.path = "/" service_ "/ServerReflectionInfo",                                                          \
                .service = service_,                                                                                   \
                .name = "ServerReflectionInfo",                                                                        \
                .input = &grpc__reflection__v1__server_reflection_request__descriptor,                                 \
                .output = &grpc__reflection__v1__server_reflection_response__descriptor,                               \
                .client_streaming = true,                                                                              \
                .server_streaming = true,                                                                              \
                .scope = PL_SCOPE_PUBLIC},                                                                             \
        .method = {.path = "/" service_ "/ServerReflectionInfo",                                                       \
                   .request_bytes_max = REQUEST_BYTES_MAX,                                                             \
                   .stream = &reflection_ops},                                                                         \
    }

const struct pl_builtin pl_reflection_builtins[PL_REFLECTION_BUILTINS] = {
    REFLECTION_BUILTIN("grpc.reflection.v1.ServerReflection"),
    REFLECTION_BUILTIN("grpc.reflection.v1alpha.ServerReflection"),
};
