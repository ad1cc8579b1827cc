/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The method table and the JSON tables of pl_api, against protobuf-c's descriptors and the protos' own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "described.h"
#include "parley/v1/admin_service.pb-c.h"
#include "parley/v1/chat_service.pb-c.h"
#include "parley/v1/message_service.pb-c.h"
#include "parley/v1/presence_service.pb-c.h"
#include "parley/v1/stream_service.pb-c.h"
#include "parley/v1/sync_service.pb-c.h"
#include "parley/v1/user_service.pb-c.h"

static const ProtobufCServiceDescriptor *const services[] = {
    &parley__v1__admin_service__descriptor,   &parley__v1__chat_service__descriptor,
    &parley__v1__message_service__descriptor, &parley__v1__presence_service__descriptor,
    &parley__v1__stream_service__descriptor,  &parley__v1__sync_service__descriptor,
    &parley__v1__user_service__descriptor,
};
enum { SERVICE_COUNT = sizeof services / sizeof services[0] };

static const struct pl_api_method *row_of(const char *path)
{
    for (unsigned i = 0; i < pl_api_method_count; i++)
        if (strcmp(pl_api_methods[i].path, path) == 0)
            return &pl_api_methods[i];
    return NULL;
}

static void assert_row(const ProtobufCServiceDescriptor *service, const ProtobufCMethodDescriptor *method)
{
    char path[256];
    snprintf(path, sizeof path, "/%s/%s", service->name, method->name);
    const struct pl_api_method *row = row_of(path);
    assert_non_null(row);
    assert_string_equal(row->service, service->name);
    assert_string_equal(row->name, method->name);
    assert_ptr_equal(row->input, method->input);
    assert_ptr_equal(row->output, method->output);
}

static void every_method_of_protobuf_c_has_a_row(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned s = 0; s < SERVICE_COUNT; s++)
        for (unsigned m = 0; m < services[s]->n_methods; m++, count++)
            assert_row(services[s], &services[s]->methods[m]);
    assert_int_equal(pl_api_method_count, count);
}

static void streaming_is_as_in_the_proto(void **state)
{
    (void)state;
    for (unsigned i = 0; i < pl_api_method_count; i++) {
        const struct pl_api_method *row = &pl_api_methods[i];
        const Google__Protobuf__MethodDescriptorProto *proto = described_method(row->service, row->name);
        assert_non_null(proto);
        assert_int_equal(row->client_streaming, proto->client_streaming);
        assert_int_equal(row->server_streaming, proto->server_streaming);
    }
    assert_true(row_of("/parley.v1.StreamService/Connect")->client_streaming);
}

static void every_unary_method_has_scope_and_http(void **state)
{
    (void)state;
    for (unsigned i = 0; i < pl_api_method_count; i++) {
        const struct pl_api_method *row = &pl_api_methods[i];
        assert_in_range(row->scope, PL_SCOPE_PUBLIC, PL_SCOPE_DEVICE);
        assert_true(row->http_count > 0 || row->client_streaming);
        for (unsigned h = 0; h < row->http_count; h++)
            assert_memory_equal(row->http[h].template, "/v1/", 4);
    }
}

static void known_methods_read_as_written(void **state)
{
    (void)state;
    const struct pl_api_method *read = row_of("/parley.v1.MessageService/MarkRead");
    assert_int_equal(read->scope, PL_SCOPE_USER);
    assert_string_equal(read->http[0].verb, "PUT");
    assert_string_equal(read->http[0].template, "/v1/messages/{message_id}/read");
    assert_string_equal(read->http[0].body, "");
    const struct pl_api_method *send = row_of("/parley.v1.MessageService/SendMessage");
    assert_string_equal(send->http[0].verb, "POST");
    assert_string_equal(send->http[0].body, "*");
    assert_int_equal(row_of("/parley.v1.AdminService/CreateApp")->scope, PL_SCOPE_OPERATOR);
}

static void methods_that_create_have_a_location(void **state)
{
    (void)state;
    assert_string_equal(row_of("/parley.v1.MessageService/SendMessage")->location, "/v1/messages/{message_id}");
    assert_string_equal(row_of("/parley.v1.UserService/CreateToken")->location, "");
    assert_null(row_of("/parley.v1.MessageService/MarkRead")->location);
}

static const struct pl_api_json_message *json_of(const ProtobufCMessageDescriptor *descriptor)
{
    for (unsigned i = 0; i < pl_api_json_message_count; i++)
        if (pl_api_json_messages[i].descriptor == descriptor)
            return &pl_api_json_messages[i];
    return NULL;
}

static const struct pl_api_json_field *json_field(const ProtobufCMessageDescriptor *descriptor, const char *name)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(descriptor, name);
    return &json_of(descriptor)->fields[field - descriptor->fields];
}

static const Google__Protobuf__FieldDescriptorProto *field_numbered(const Google__Protobuf__DescriptorProto *message,
                                                                    uint32_t number)
{
    for (size_t i = 0; i < message->n_field; i++)
        if ((uint32_t)message->field[i]->number == number)
            return message->field[i];
    return NULL;
}

static void json_fields_are_in_the_order_of_the_descriptor(void **state)
{
    (void)state;
    for (unsigned i = 0; i < pl_api_json_message_count; i++) {
        const struct pl_api_json_message *row = &pl_api_json_messages[i];
        const Google__Protobuf__DescriptorProto *proto = described_message(row->descriptor->name);
        assert_non_null(proto);
        assert_int_equal(row->descriptor->n_fields, proto->n_field);
        for (unsigned f = 0; f < row->descriptor->n_fields; f++) {
            const Google__Protobuf__FieldDescriptorProto *field = field_numbered(proto, row->descriptor->fields[f].id);
            assert_string_equal(row->fields[f].json_name, field->json_name);
            assert_int_equal(row->fields[f].has_presence, field->has_oneof_index);
        }
    }
}

static void every_message_that_methods_reach_has_json(void **state)
{
    (void)state;
    for (unsigned i = 0; i < pl_api_method_count; i++) {
        assert_non_null(json_of(pl_api_methods[i].input));
        assert_non_null(json_of(pl_api_methods[i].output));
    }
    for (unsigned i = 0; i < pl_api_json_message_count; i++) {
        const ProtobufCMessageDescriptor *message = pl_api_json_messages[i].descriptor;
        for (unsigned f = 0; f < message->n_fields; f++)
            if (message->fields[f].type == PROTOBUF_C_TYPE_MESSAGE)
                assert_non_null(json_of(message->fields[f].descriptor));
    }
}

static void a_participant_may_be_a_string(void **state)
{
    (void)state;
    assert_string_equal(json_of(&parley__v1__new_participant__descriptor)->shorthand, "user_id");
    assert_null(json_of(&parley__v1__participant__descriptor)->shorthand);
}

static void json_kinds_tell_maps_and_timestamps(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *message = &parley__v1__message__descriptor;
    assert_int_equal(json_field(message, "metadata")->kind, PL_API_JSON_MAP);
    assert_int_equal(json_field(message, "timestamp")->kind, PL_API_JSON_TIMESTAMP);
    assert_int_equal(json_field(message, "device_parts")->kind, PL_API_JSON_PLAIN);
    assert_string_equal(json_field(message, "prev_message_id")->json_name, "prevMessageId");
    assert_true(json_field(message, "content")->has_presence);
    assert_false(json_field(message, "seq")->has_presence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_of_protobuf_c_has_a_row),
        cmocka_unit_test(streaming_is_as_in_the_proto),
        cmocka_unit_test(every_unary_method_has_scope_and_http),
        cmocka_unit_test(known_methods_read_as_written),
        cmocka_unit_test(methods_that_create_have_a_location),
        cmocka_unit_test(json_fields_are_in_the_order_of_the_descriptor),
        cmocka_unit_test(every_message_that_methods_reach_has_json),
        cmocka_unit_test(a_participant_may_be_a_string),
        cmocka_unit_test(json_kinds_tell_maps_and_timestamps),
    };
    return cmocka_run_group_tests(tests, described_open, described_close);
}
