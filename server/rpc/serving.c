/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The table of methods is the only place where code and protos meet, so it is checked when the server opens. */
#include "rpc/serving.h"

#include <stdlib.h>
#include <string.h>

enum { BUILTINS = PL_HEALTH_BUILTINS + PL_REFLECTION_BUILTINS };

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
    pl_assert((method->handle != NULL) != (method->stream != NULL));
    pl_assert(method->stream != NULL || !(api->client_streaming || api->server_streaming));
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct pl_served *)a)->method->path, ((const struct pl_served *)b)->method->path);
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
    qsort(rpc->served, rpc->served_count, sizeof(*rpc->served), compare);
}

void pl_serving_fini(struct pl_rpc *rpc)
{
    free(rpc->served);
}

static int compare_path(const void *path, const void *served)
{
    return strcmp(path, ((const struct pl_served *)served)->method->path);
}

const struct pl_served *pl_serving_find(const struct pl_rpc *rpc, const char *path)
{
    const struct pl_served *found = NULL;

    if (path != NULL)
        found = bsearch(path, rpc->served, rpc->served_count, sizeof(*rpc->served), compare_path);
    return found != NULL ? found : &rpc->unknown;
}

size_t pl_serving_request_bytes_max(const struct pl_rpc_options *options)
{
    size_t max = 0;

    for (unsigned i = 0; i < options->method_count; i++)
        if (options->methods[i]->request_bytes_max > max)
            max = options->methods[i]->request_bytes_max;
    return max;
}
