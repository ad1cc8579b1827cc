/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Look-ups in the unpacked descriptors. They walk everything each time: the API is small and tests are patient. */
#include "described.h"

#include <stdlib.h>
#include <string.h>

static Google__Protobuf__FileDescriptorProto **files;

int described_open(void **state)
{
    (void)state;
    files = calloc(pl_api_file_count, sizeof(*files));
    for (unsigned i = 0; files && i < pl_api_file_count; i++) {
        files[i] = google__protobuf__file_descriptor_proto__unpack(NULL, pl_api_files[i].bytes, pl_api_files[i].data);
        if (!files[i])
            return -1;
    }
    return files ? 0 : -1;
}

int described_close(void **state)
{
    (void)state;
    for (unsigned i = 0; i < pl_api_file_count; i++)
        google__protobuf__file_descriptor_proto__free_unpacked(files[i], NULL);
    free(files);
    return 0;
}

Google__Protobuf__FileDescriptorProto *const *described_files(void)
{
    return files;
}

/* What follows "scope." in name, or NULL when name is not within scope. */
static const char *within(const char *name, const char *scope)
{
    size_t n = strlen(scope);
    return strncmp(name, scope, n) == 0 && name[n] == '.' ? name + n + 1 : NULL;
}

static const Google__Protobuf__DescriptorProto *message_named(Google__Protobuf__DescriptorProto *const *messages,
                                                              size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(messages[i]->name, name) == 0)
            return messages[i];
        const char *rest = within(name, messages[i]->name);
        if (rest)
            return message_named(messages[i]->nested_type, messages[i]->n_nested_type, rest);
    }
    return NULL;
}

const Google__Protobuf__DescriptorProto *described_message(const char *full_name)
{
    for (unsigned i = 0; i < pl_api_file_count; i++) {
        const char *name = within(full_name, files[i]->package);
        const Google__Protobuf__DescriptorProto *found =
            name ? message_named(files[i]->message_type, files[i]->n_message_type, name) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

static const Google__Protobuf__MethodDescriptorProto *
method_named(const Google__Protobuf__ServiceDescriptorProto *service, const char *name)
{
    for (size_t i = 0; i < service->n_method; i++)
        if (strcmp(service->method[i]->name, name) == 0)
            return service->method[i];
    return NULL;
}

const Google__Protobuf__MethodDescriptorProto *described_method(const char *service, const char *name)
{
    for (unsigned i = 0; i < pl_api_file_count; i++) {
        const char *short_name = within(service, files[i]->package);
        for (size_t s = 0; short_name && s < files[i]->n_service; s++)
            if (strcmp(files[i]->service[s]->name, short_name) == 0)
                return method_named(files[i]->service[s], name);
    }
    return NULL;
}
