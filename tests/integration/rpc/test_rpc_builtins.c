/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Health and reflection as generic gRPC tools use them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest reflection_request;
typedef Grpc__Reflection__V1__ServerReflectionResponse reflection_response;

enum { SERVING = 1, NOT_SERVING = 2, SERVICE_UNKNOWN = 3 };

static int setup(void **state)
{
    struct fixture *fixture = malloc(sizeof(*fixture));

    fixture_init(fixture);
    fixture_start(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_stop(*state);
    free(*state);
    return 0;
}

static size_t pack_service(const char *service, uint8_t *ret_data)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

    request.service = (char *)service;
    return grpc__health__v1__health_check_request__pack(&request, ret_data);
}

static int parse_health(const uint8_t *data, size_t bytes)
{
    Grpc__Health__V1__HealthCheckResponse *response =
        grpc__health__v1__health_check_response__unpack(NULL, bytes, data);

    pl_assert(response != NULL);
    int status = (int)response->status;
    grpc__health__v1__health_check_response__free_unpacked(response, NULL);
    return status;
}

static void assert_health(struct fixture *fixture, const char *service, int expected)
{
    uint8_t data[256];
    struct request request = {.path = "/grpc.health.v1.Health/Check", .data = data};

    request.bytes = pack_service(service, data);
    struct reply reply = client_call(&fixture->client, &request);
    assert_int_equal(reply.code, 0);
    assert_int_equal(parse_health(reply.data, reply.bytes), expected);
    reply_free(&reply);
}

static void check_tells_of_the_server_and_its_services(void **state)
{
    struct fixture *fixture = *state;

    assert_health(fixture, "", SERVING);
    assert_health(fixture, "parley.v1.StreamService", SERVING);
    assert_health(fixture, "grpc.health.v1.Health", SERVING);
    pl_rpc_set_serving(fixture->rpc, false);
    assert_health(fixture, "parley.v1.StreamService", NOT_SERVING);
    pl_rpc_set_serving(fixture->rpc, true);
    atomic_store(&fixture->unready, true);
    assert_health(fixture, "", NOT_SERVING);
    atomic_store(&fixture->unready, false);
    assert_health(fixture, "", SERVING);
}

static void check_of_an_unknown_service_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    uint8_t data[256];
    struct request request = {.path = "/grpc.health.v1.Health/Check", .data = data};

    request.bytes = pack_service("parley.v1.Nothing", data);
    struct reply reply = client_call(&fixture->client, &request);
    assert_string_equal(reply.reason, "NOT_FOUND");
    reply_free(&reply);
}

static void open_watch(struct fixture *fixture, const char *service, struct stream_call *watch)
{
    uint8_t data[256];

    stream_open(&fixture->client, "/grpc.health.v1.Health/Watch", watch);
    pl_assert(stream_write(watch, data, pack_service(service, data)));
    stream_half_close(watch);
}

static int read_health(struct stream_call *watch)
{
    size_t bytes;
    uint8_t *data = stream_read(watch, &bytes);

    pl_assert(data != NULL);
    int status = parse_health(data, bytes);
    free(data);
    return status;
}

static void cancel(struct stream_call *stream)
{
    stream_cancel(stream);
    struct reply reply = stream_end(stream);
    reply_free(&reply);
}

static void watch_tells_of_each_change(void **state)
{
    struct fixture *fixture = *state;
    struct stream_call watches[4];

    for (int i = 0; i < 4; i++) { /* on every loop */
        open_watch(fixture, "", &watches[i]);
        pl_assert(read_health(&watches[i]) == SERVING);
    }
    pl_rpc_set_serving(fixture->rpc, false);
    for (int i = 0; i < 4; i++)
        pl_assert(read_health(&watches[i]) == NOT_SERVING);
    pl_rpc_set_serving(fixture->rpc, true);
    for (int i = 0; i < 4; i++) {
        pl_assert(read_health(&watches[i]) == SERVING);
        cancel(&watches[i]);
    }
}

static void watch_tells_when_the_server_is_not_ready(void **state)
{
    struct fixture *fixture = *state;
    struct stream_call watch;

    open_watch(fixture, "", &watch);
    pl_assert(read_health(&watch) == SERVING);
    for (int i = 0; i < 3; i++) {
        atomic_store(&fixture->unready, i % 2 == 0);
        pl_rpc_tell_health(fixture->rpc);
        pl_assert(read_health(&watch) == (i % 2 == 0 ? NOT_SERVING : SERVING));
    }
    cancel(&watch);
    atomic_store(&fixture->unready, false);
}

static void watch_of_an_unknown_service_stays_open(void **state)
{
    struct fixture *fixture = *state;
    struct stream_call watch;

    open_watch(fixture, "nothing", &watch);
    pl_assert(read_health(&watch) == SERVICE_UNKNOWN);
    cancel(&watch);
}

static void watch_without_a_request_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct stream_call watch;

    stream_open(&fixture->client, "/grpc.health.v1.Health/Watch", &watch);
    stream_half_close(&watch);
    struct reply reply = stream_end(&watch);
    assert_string_equal(reply.reason, "INVALID_ARGUMENT");
    reply_free(&reply);
}

static reflection_response *ask(struct stream_call *stream, const reflection_request *request)
{
    uint8_t data[512];
    size_t bytes;

    pl_assert(stream_write(stream, data, grpc__reflection__v1__server_reflection_request__pack(request, data)));
    uint8_t *answer = stream_read(stream, &bytes);
    pl_assert(answer != NULL);
    reflection_response *response = grpc__reflection__v1__server_reflection_response__unpack(NULL, bytes, answer);
    pl_assert(response != NULL && response->original_request != NULL);
    pl_assert(response->original_request->message_request_case == request->message_request_case);
    free(answer);
    return response;
}

static void free_response(reflection_response *response)
{
    grpc__reflection__v1__server_reflection_response__free_unpacked(response, NULL);
}

static void ask_services(struct stream_call *stream)
{
    static const char *const expected[] = {"parley.v1.MessageService", "parley.v1.StreamService",
                                           "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                                           "grpc.reflection.v1alpha.ServerReflection"};
    reflection_request request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;

    request.message_request_case = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES;
    request.list_services = (char *)"*";
    reflection_response *response = ask(stream, &request);
    const Grpc__Reflection__V1__ListServiceResponse *list = response->list_services_response;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        int found = 0;
        for (size_t j = 0; j < list->n_service; j++)
            found += strcmp(list->service[j]->name, expected[i]) == 0;
        pl_assert(found == 1);
    }
    free_response(response);
}

/* The first file of the answer has this name, which comes first in a FileDescriptorProto. */
static void assert_file(const reflection_response *response, const char *name, size_t imports_min)
{
    const Grpc__Reflection__V1__FileDescriptorResponse *files = response->file_descriptor_response;

    pl_assert(response->message_response_case ==
              GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE);
    pl_assert(files->n_file_descriptor_proto > imports_min);
    pl_assert(files->file_descriptor_proto[0].len > strlen(name) + 2);
    pl_assert(memcmp(files->file_descriptor_proto[0].data + 2, name, strlen(name)) == 0);
}

static void ask_symbol(struct stream_call *stream, const char *symbol, const char *file)
{
    reflection_request request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;

    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL;
    request.file_containing_symbol = (char *)symbol;
    reflection_response *response = ask(stream, &request);
    if (file != NULL)
        assert_file(response, file, 1);
    else
        pl_assert(response->error_response->error_code == 5);
    free_response(response);
}

static void ask_file(struct stream_call *stream, const char *name, bool known)
{
    reflection_request request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;

    request.message_request_case = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME;
    request.file_by_filename = (char *)name;
    reflection_response *response = ask(stream, &request);
    if (known)
        assert_file(response, name, 0);
    else
        pl_assert(response->error_response->error_code == 5);
    free_response(response);
}

static void ask_everything(struct fixture *fixture, const char *path)
{
    struct stream_call stream;

    stream_open(&fixture->client, path, &stream);
    ask_services(&stream);
    ask_symbol(&stream, "parley.v1.StreamService", "parley/v1/stream_service.proto");
    ask_symbol(&stream, "parley.v1.MessageService.SendMessage", "parley/v1/message_service.proto");
    ask_symbol(&stream, "parley.v1.Nothing", NULL);
    ask_file(&stream, "grpc/health/v1/health.proto", true);
    ask_file(&stream, "nothing.proto", false);
    stream_half_close(&stream);
    struct reply reply = stream_end(&stream);
    assert_int_equal(reply.code, 0);
    reply_free(&reply);
}

static void reflection_answers_in_v1(void **state)
{
    ask_everything(*state, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
}

static void reflection_answers_in_v1alpha(void **state)
{
    ask_everything(*state, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(check_tells_of_the_server_and_its_services),
        TEST(check_of_an_unknown_service_is_not_found),
        TEST(watch_tells_of_each_change),
        TEST(watch_tells_when_the_server_is_not_ready),
        TEST(watch_of_an_unknown_service_stays_open),
        TEST(watch_without_a_request_is_refused),
        TEST(reflection_answers_in_v1),
        TEST(reflection_answers_in_v1alpha),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
