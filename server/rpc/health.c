/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * grpc.health.v1.Health (its definition is health.proto of gRPC). The whole server and each of its services are healthy
 * together, and not while what they need is away. Watch says at once how it is and then each change; a change back
 * before it was written is not told.
 */
#include "rpc/health.h"

#include <string.h>

#include "grpc/health/v1/health.pb-c.h"
#include "rpc/stream.h"

#define SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define SERVICE_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

enum { REQUEST_BYTES_MAX = 1024, RESPONSE_BYTES_MAX = 16 };

typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_status;

/* The owner of a Watch. */
struct watch {
    bool known; /* there is such a service */
    serving_status told;
};

static bool is_service(const struct pl_rpc *rpc, const char *name)
{
    if (name[0] == '\0')
        return true;
    for (unsigned i = 0; i < rpc->served_count; i++)
        if (strcmp(rpc->served[i].api->service, name) == 0)
            return true;
    return false;
}

static serving_status status_now(const struct pl_rpc *rpc)
{
    const struct pl_rpc_options *options = &rpc->options;
    bool ready = options->ready == NULL || options->ready(options->context);

    return atomic_load(&rpc->serving) && ready ? SERVING : NOT_SERVING;
}

static void check(struct pl_call *call, const ProtobufCMessage *message)
{
    const Grpc__Health__V1__HealthCheckRequest *request = (const Grpc__Health__V1__HealthCheckRequest *)message;
    Grpc__Health__V1__HealthCheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

    if (!is_service(call->rpc, request->service)) {
        pl_call_fail(call, PL_NOT_FOUND, "there is no such service");
        return;
    }
    response.status = status_now(call->rpc);
    pl_call_reply(call, &response.base);
}

static void tell(struct pl_stream *stream)
{
    struct watch *watch = stream->call.owner;
    Grpc__Health__V1__HealthCheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    uint8_t packed[RESPONSE_BYTES_MAX];

    if (watch == NULL || stream->writing || stream->call.ends)
        return;
    response.status = watch->known ? status_now(stream->call.rpc) : SERVICE_UNKNOWN;
    if (response.status != watch->told) {
        watch->told = response.status;
        pl_call_write(&stream->call, packed, grpc__health__v1__health_check_response__pack(&response, packed));
    }
}

static struct pl_stream *stream_of(struct pl_call *call)
{
    return pl_container_of(call, struct pl_stream, call);
}

static void watch_opened(struct pl_call *call)
{
    (void)call;
}

static void watch_received(struct pl_call *call, const ProtobufCMessage *message)
{
    const Grpc__Health__V1__HealthCheckRequest *request = (const Grpc__Health__V1__HealthCheckRequest *)message;
    struct watch *watch;

    if (pl_call_owner(call) != NULL)
        return; /* a second request, which the protocol does not have */
    watch = pl_arena_new(&call->arena, struct watch);
    watch->known = is_service(call->rpc, request->service);
    pl_call_set_owner(call, watch);
    tell(stream_of(call));
}

static void watch_half_closed(struct pl_call *call)
{
    if (pl_call_owner(call) == NULL)
        pl_call_fail(call, PL_INVALID_ARGUMENT, "Watch needs one request");
}

static void watch_written(struct pl_call *call)
{
    tell(stream_of(call));
}

static void watch_closed(struct pl_call *call)
{
    (void)call;
}

static const struct pl_stream_ops watch_ops = {
    .opened = watch_opened,
    .received = watch_received,
    .half_closed = watch_half_closed,
    .written = watch_written,
    .closed = watch_closed,
};

const struct pl_builtin pl_health_builtins[PL_HEALTH_BUILTINS] = {
    {.api = {.path = "/grpc.health.v1.Health/Check",
             .service = "grpc.health.v1.Health",
             .name = "Check",
             .input = &grpc__health__v1__health_check_request__descriptor,
             .output = &grpc__health__v1__health_check_response__descriptor,
             .scope = PL_SCOPE_PUBLIC},
     .method = {.path = "/grpc.health.v1.Health/Check", .request_bytes_max = REQUEST_BYTES_MAX, .handle = check}},
    {.api = {.path = "/grpc.health.v1.Health/Watch",
             .service = "grpc.health.v1.Health",
             .name = "Watch",
             .input = &grpc__health__v1__health_check_request__descriptor,
             .output = &grpc__health__v1__health_check_response__descriptor,
             .server_streaming = true,
             .scope = PL_SCOPE_PUBLIC},
     .method = {.path = "/grpc.health.v1.Health/Watch", .request_bytes_max = REQUEST_BYTES_MAX, .stream = &watch_ops}},
};

void pl_health_tell(struct pl_task *task)
{
    struct pl_home *home = pl_container_of(task, struct pl_home, tell);
    struct pl_stream *stream;

    atomic_store(&home->told, false); /* before the state is read: a later change posts again */
    TAILQ_FOREACH (stream, &home->streams, on_home)
        if (stream->call.served->method->stream == &watch_ops)
            tell(stream);
}
