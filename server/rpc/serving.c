/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The table of methods is the only place where code and protos meet, so it is checked when the server opens. */
#include "rpc/serving.h"

#include <stdlib.h>
#include <string.h>

#include "rpc/stream.h"
#include "rpc/unary.h"

enum { SLOTS = 4, BUILTINS = PL_HEALTH_BUILTINS + PL_REFLECTION_BUILTINS };

/* A unary method that may rest is served as a stream of one message each way: so are calls told that they are over. */
static bool streaming(const struct pl_served *served)
{
    return served->method->stream != NULL;
}

static const struct pl_method *find_method(const struct pl_rpc_options *options, const char *path)
{
    const struct pl_method *found = NULL;

    for (unsigned i = 0; i < options->method_count; i++) {
        if (strcmp(options->methods[i]->path, path) == 0) {
            pl_assert(found == NULL);
            found = options->methods[i];
        }
    }
    return found;
}

static void serve(struct pl_rpc *rpc, const struct pl_method *method, const struct pl_api_method *api, bool builtin)
{
    struct pl_served *served = &rpc->served[rpc->served_count++];

    *served = (struct pl_served){.rpc = rpc, .method = method, .api = api, .builtin = builtin};
    pl_assert(streaming(served) || !(api->client_streaming || api->server_streaming));
    pl_assert((method->handle != NULL) != streaming(served));
    served->handle = grpc_server_register_method(
        rpc->server, method->path, NULL,
        streaming(served) ? GRPC_SRM_PAYLOAD_NONE : GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
    pl_assert(served->handle != NULL);
}

void pl_serving_init(struct pl_rpc *rpc)
{
    static const struct pl_api_method unknown_api = {.path = "unknown", .service = "", .name = ""};
    static const struct pl_method unknown_method = {.path = "unknown"};

    pl_assert(rpc->options.method_count == pl_api_method_count);
    rpc->served = calloc(pl_api_method_count + BUILTINS, sizeof(*rpc->served));
    pl_assert(rpc->served != NULL);
    rpc->unknown = (struct pl_served){.rpc = rpc, .method = &unknown_method, .api = &unknown_api};
    for (unsigned i = 0; i < pl_api_method_count; i++) {
        const struct pl_method *method = find_method(&rpc->options, pl_api_methods[i].path);
        pl_assert(method != NULL);
        serve(rpc, method, &pl_api_methods[i], false);
    }
    for (unsigned i = 0; i < PL_HEALTH_BUILTINS; i++)
        serve(rpc, &pl_health_builtins[i].method, &pl_health_builtins[i].api, true);
    for (unsigned i = 0; i < PL_REFLECTION_BUILTINS; i++)
        serve(rpc, &pl_reflection_builtins[i].method, &pl_reflection_builtins[i].api, true);
}

void pl_serving_fini(struct pl_rpc *rpc)
{
    free(rpc->served);
}

/* Requests are armed on the thread that they come back to, so that only mailboxes hand memory between threads. */
struct arming {
    struct pl_task task;
    struct pl_rpc *rpc;
    struct pl_queue_loop *loop;
};

static void arm_once(struct pl_rpc *rpc, struct pl_queue_loop *loop)
{
    for (unsigned i = 0; i < rpc->served_count; i++)
        if (streaming(&rpc->served[i]))
            pl_stream_arm(&rpc->served[i], loop);
        else
            pl_unary_arm(&rpc->served[i], loop);
    pl_unary_arm(&rpc->unknown, loop);
}

static void arm(struct pl_task *task)
{
    struct arming *arming = pl_container_of(task, struct arming, task);
    struct pl_rpc *rpc = arming->rpc;

    for (unsigned i = 0; i < SLOTS; i++)
        arm_once(rpc, arming->loop);
    free(arming);
    pl_rpc_call_gone(rpc);
}

void pl_serving_arm(struct pl_rpc *rpc)
{
    for (unsigned i = 0; i < rpc->unary_count; i++) {
        struct arming *arming = calloc(1, sizeof(*arming));
        pl_assert(arming != NULL);
        *arming = (struct arming){.task.run = arm, .rpc = rpc, .loop = &rpc->homes[i].queue};
        atomic_fetch_add(&rpc->living, 1); /* so that a drain waits for it */
        pl_mailbox_post(&rpc->homes[i].queue.loop.mailbox, &arming->task);
    }
}

size_t pl_serving_request_bytes_max(const struct pl_rpc_options *options)
{
    size_t max = 0;

    for (unsigned i = 0; i < options->method_count; i++)
        if (options->methods[i]->request_bytes_max > max)
            max = options->methods[i]->request_bytes_max;
    return max;
}
