/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The files and symbols that reflection serves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "described.h"

static int by_name(const void *key, const void *symbol)
{
    return strcmp(key, ((const struct pl_api_symbol *)symbol)->name);
}

/* The file of a symbol, found as reflection finds it; fails the test when there is none. */
static const char *file_of(const char *name)
{
    const struct pl_api_symbol *found =
        bsearch(name, pl_api_symbols, pl_api_symbol_count, sizeof pl_api_symbols[0], by_name);
    if (!found)
        fail_msg("%s is not in the index", name);
    return pl_api_files[found->file].name;
}

static bool depends_on(const struct pl_api_file *file, const char *name)
{
    for (unsigned i = 0; i < file->dependency_count; i++)
        if (strcmp(pl_api_files[file->dependencies[i]].name, name) == 0)
            return true;
    return false;
}

static void every_file_carries_its_name_and_no_source_info(void **state)
{
    (void)state;
    for (unsigned i = 0; i < pl_api_file_count; i++) {
        assert_string_equal(described_files()[i]->name, pl_api_files[i].name);
        assert_null(described_files()[i]->source_code_info);
    }
}

static void imports_are_complete_and_come_first(void **state)
{
    (void)state;
    for (unsigned i = 0; i < pl_api_file_count; i++) {
        const struct pl_api_file *file = &pl_api_files[i];
        const Google__Protobuf__FileDescriptorProto *proto = described_files()[i];
        for (size_t d = 0; d < proto->n_dependency; d++)
            assert_true(depends_on(file, proto->dependency[d]));
        for (unsigned d = 0; d < file->dependency_count; d++) {
            assert_true(file->dependencies[d] < i);
            const Google__Protobuf__FileDescriptorProto *import = described_files()[file->dependencies[d]];
            for (size_t n = 0; n < import->n_dependency; n++)
                assert_true(depends_on(file, import->dependency[n]));
        }
    }
}

static void symbols_are_sorted_and_unique(void **state)
{
    (void)state;
    for (unsigned i = 1; i < pl_api_symbol_count; i++)
        assert_true(strcmp(pl_api_symbols[i - 1].name, pl_api_symbols[i].name) < 0);
}

static void assert_service_is_found(const Google__Protobuf__FileDescriptorProto *file,
                                    const Google__Protobuf__ServiceDescriptorProto *service)
{
    char name[256];
    snprintf(name, sizeof name, "%s.%s", file->package, service->name);
    assert_string_equal(file_of(name), file->name);
    for (size_t m = 0; m < service->n_method; m++) {
        snprintf(name, sizeof name, "%s.%s.%s", file->package, service->name, service->method[m]->name);
        assert_string_equal(file_of(name), file->name);
    }
}

static void every_symbol_of_every_file_is_found(void **state)
{
    (void)state;
    for (unsigned i = 0; i < pl_api_file_count; i++) {
        const Google__Protobuf__FileDescriptorProto *file = described_files()[i];
        char name[256];
        for (size_t s = 0; s < file->n_service; s++)
            assert_service_is_found(file, file->service[s]);
        for (size_t m = 0; m < file->n_message_type; m++) {
            snprintf(name, sizeof name, "%s.%s", file->package, file->message_type[m]->name);
            assert_string_equal(file_of(name), file->name);
        }
        for (size_t e = 0; e < file->n_enum_type; e++) {
            snprintf(name, sizeof name, "%s.%s", file->package, file->enum_type[e]->name);
            assert_string_equal(file_of(name), file->name);
        }
    }
}

static void nested_symbols_and_served_services_are_found(void **state)
{
    (void)state;
    assert_string_equal(file_of("google.protobuf.FieldDescriptorProto.Type"), "google/protobuf/descriptor.proto");
    assert_string_equal(file_of("google.protobuf.DescriptorProto.ExtensionRange"), "google/protobuf/descriptor.proto");
    assert_string_equal(file_of("grpc.health.v1.Health.Watch"), "grpc/health/v1/health.proto");
    assert_string_equal(file_of("grpc.reflection.v1.ServerReflection"), "grpc/reflection/v1/reflection.proto");
    assert_string_equal(file_of("grpc.reflection.v1alpha.ServerReflection"),
                        "grpc/reflection/v1alpha/reflection.proto");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_carries_its_name_and_no_source_info),
        cmocka_unit_test(imports_are_complete_and_come_first),
        cmocka_unit_test(symbols_are_sorted_and_unique),
        cmocka_unit_test(every_symbol_of_every_file_is_found),
        cmocka_unit_test(nested_symbols_and_served_services_are_found),
    };
    return cmocka_run_group_tests(tests, described_open, described_close);
}
