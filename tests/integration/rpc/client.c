/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A pluck queue, so that each operation is waited for by its own tag. */
#include "client.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/compression.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/utf8.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"

void client_open(struct client *client, const char *target)
{
    grpc_channel_credentials *credentials = grpc_insecure_credentials_create();

    grpc_arg args[] = {
        /* A test's channel is its own connection. */
        {.type = GRPC_ARG_INTEGER, .key = (char *)GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, .value.integer = 1},
        {.type = GRPC_ARG_INTEGER, .key = (char *)GRPC_ARG_ENABLE_RETRIES, .value.integer = 0},
    };
    grpc_channel_args all = {.num_args = 2, .args = args};

    grpc_init();
    client->channel = grpc_channel_create(target, credentials, &all);
    client->queue = grpc_completion_queue_create_for_pluck(NULL);
    grpc_channel_credentials_release(credentials);
}

void client_open_port(struct client *client, int port)
{
    char target[32];

    snprintf(target, sizeof(target), "127.0.0.1:%d", port);
    client_open(client, target);
}

void client_close(struct client *client)
{
    grpc_channel_destroy(client->channel);
    grpc_completion_queue_shutdown(client->queue);
    grpc_event event = grpc_completion_queue_pluck(client->queue, NULL, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    pl_assert(event.type == GRPC_QUEUE_SHUTDOWN);
    grpc_completion_queue_destroy(client->queue);
    grpc_shutdown();
}

static bool await(struct client *client, void *tag)
{
    grpc_event event = grpc_completion_queue_pluck(client->queue, tag, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);

    pl_assert(event.type == GRPC_OP_COMPLETE);
    return event.success != 0;
}

static grpc_byte_buffer *pack(const void *data, size_t bytes)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(data, bytes);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);

    grpc_slice_unref(slice);
    return buffer;
}

/* Takes the buffer. NULL for NULL. */
static uint8_t *unpack(grpc_byte_buffer *buffer, size_t *ret_bytes)
{
    grpc_byte_buffer_reader reader;
    uint8_t *copy;

    *ret_bytes = 0;
    if (buffer == NULL)
        return NULL;
    pl_assert(grpc_byte_buffer_reader_init(&reader, buffer));
    grpc_slice slice = grpc_byte_buffer_reader_readall(&reader);
    *ret_bytes = GRPC_SLICE_LENGTH(slice);
    copy = malloc(*ret_bytes + 1);
    pl_assert(copy != NULL);
    memcpy(copy, GRPC_SLICE_START_PTR(slice), *ret_bytes);
    grpc_slice_unref(slice);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(buffer);
    return copy;
}

static void read_info(const ProtobufCBinaryData *value, struct reply *reply)
{
    Google__Rpc__ErrorInfo *info = google__rpc__error_info__unpack(NULL, value->len, value->data);

    pl_assert(info != NULL && strcmp(info->domain, "parley") == 0);
    snprintf(reply->reason, sizeof(reply->reason), "%s", info->reason);
    for (size_t i = 0; i < info->n_metadata; i++) {
        size_t used = strlen(reply->metadata);
        pl_assert(pl_utf8_valid(info->metadata[i]->value, strlen(info->metadata[i]->value)));
        snprintf(reply->metadata + used, sizeof(reply->metadata) - used, "%s=%s;", info->metadata[i]->key,
                 info->metadata[i]->value);
    }
    google__rpc__error_info__free_unpacked(info, NULL);
}

static void read_retry(const ProtobufCBinaryData *value, struct reply *reply)
{
    Google__Rpc__RetryInfo *info = google__rpc__retry_info__unpack(NULL, value->len, value->data);

    pl_assert(info != NULL && info->retry_delay != NULL);
    reply->retry_after_ms = (int)(info->retry_delay->seconds * 1000 + info->retry_delay->nanos / 1000000);
    google__rpc__retry_info__free_unpacked(info, NULL);
}

static void read_details(grpc_slice value, struct reply *reply)
{
    Google__Rpc__Status *status =
        google__rpc__status__unpack(NULL, GRPC_SLICE_LENGTH(value), GRPC_SLICE_START_PTR(value));

    pl_assert(status != NULL && status->code == reply->code && strcmp(status->message, reply->sentence) == 0);
    for (size_t i = 0; i < status->n_details; i++)
        if (strcmp(status->details[i]->type_url, "type.googleapis.com/google.rpc.ErrorInfo") == 0)
            read_info(&status->details[i]->value, reply);
        else if (strcmp(status->details[i]->type_url, "type.googleapis.com/google.rpc.RetryInfo") == 0)
            read_retry(&status->details[i]->value, reply);
    google__rpc__status__free_unpacked(status, NULL);
}

static struct reply read_end(grpc_status_code code, grpc_slice sentence, const grpc_metadata_array *trailing)
{
    struct reply reply = {.code = (int)code};
    char *text = grpc_slice_to_c_string(sentence);

    reply.sentence = strdup(text);
    gpr_free(text);
    for (size_t i = 0; i < trailing->count; i++)
        if (grpc_slice_str_cmp(trailing->metadata[i].key, "grpc-status-details-bin") == 0)
            read_details(trailing->metadata[i].value, &reply);
    return reply;
}

static gpr_timespec deadline_in(int ms)
{
    return gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_millis(ms == 0 ? 60000 : ms, GPR_TIMESPAN));
}

/* Core refers to the path, so ours goes. */
static grpc_call *make_call(struct client *client, const char *path, int deadline_ms)
{
    grpc_slice slice = grpc_slice_from_copied_string(path);
    grpc_call *call =
        grpc_channel_create_call(client->channel, NULL, 0, client->queue, slice, NULL, deadline_in(deadline_ms), NULL);

    grpc_slice_unref(slice);
    return call;
}

static size_t fill_metadata(const struct request *request, grpc_metadata *metadata)
{
    size_t count = 0;

    if (request->gzip) {
        metadata[count++] =
            (grpc_metadata){.key = grpc_slice_from_static_string(GRPC_COMPRESSION_REQUEST_ALGORITHM_MD_KEY),
                            .value = grpc_slice_from_static_string("gzip")};
    }
    while (count < 4 && request->metadata[count].key != NULL) {
        metadata[count] = (grpc_metadata){.key = grpc_slice_from_static_string(request->metadata[count].key),
                                          .value = grpc_slice_from_static_string(request->metadata[count].value)};
        count++;
    }
    return count;
}

void client_start(struct client *client, const struct request *request, struct unary_call *ret_call)
{
    struct unary_call *call = ret_call;
    grpc_metadata metadata[4];
    grpc_op ops[6] = {{.op = GRPC_OP_SEND_INITIAL_METADATA}, {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
                      {.op = GRPC_OP_RECV_INITIAL_METADATA}, {.op = GRPC_OP_RECV_MESSAGE},
                      {.op = GRPC_OP_RECV_STATUS_ON_CLIENT}, {.op = GRPC_OP_SEND_MESSAGE}};

    *call = (struct unary_call){.client = client};
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    call->call = make_call(client, request->path, request->deadline_ms);
    ops[0].data.send_initial_metadata.metadata = metadata;
    ops[0].data.send_initial_metadata.count = fill_metadata(request, metadata);
    ops[2].data.recv_initial_metadata.recv_initial_metadata = &call->initial;
    ops[3].data.recv_message.recv_message = &call->response;
    ops[4].data.recv_status_on_client.trailing_metadata = &call->trailing;
    ops[4].data.recv_status_on_client.status = &call->code;
    ops[4].data.recv_status_on_client.status_details = &call->sentence;
    if (request->data != NULL) {
        call->request = pack(request->data, request->bytes);
        ops[5].data.send_message.send_message = call->request;
    }
    pl_assert(grpc_call_start_batch(call->call, ops, request->data != NULL ? 6 : 5, call, NULL) == GRPC_CALL_OK);
}

struct reply client_wait(struct unary_call *call)
{
    await(call->client, call);
    struct reply reply = read_end(call->code, call->sentence, &call->trailing);
    reply.data = unpack(call->response, &reply.bytes);
    grpc_slice_unref(call->sentence);
    grpc_byte_buffer_destroy(call->request);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    grpc_call_unref(call->call);
    return reply;
}

struct reply client_call(struct client *client, const struct request *request)
{
    struct unary_call call;

    client_start(client, request, &call);
    return client_wait(&call);
}

void reply_free(struct reply *reply)
{
    free(reply->sentence);
    free(reply->data);
}

static void start(struct stream_call *stream, grpc_op op, void *tag)
{
    pl_assert(grpc_call_start_batch(stream->call, &op, 1, tag, NULL) == GRPC_CALL_OK);
}

void stream_open(struct client *client, const char *path, struct stream_call *ret_stream)
{
    struct stream_call *stream = ret_stream;
    grpc_op headers[2] = {{.op = GRPC_OP_SEND_INITIAL_METADATA}, {.op = GRPC_OP_RECV_INITIAL_METADATA}};
    grpc_op status = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};

    *stream = (struct stream_call){.client = client};
    grpc_metadata_array_init(&stream->initial);
    grpc_metadata_array_init(&stream->trailing);
    stream->call = make_call(client, path, 0);
    status.data.recv_status_on_client.trailing_metadata = &stream->trailing;
    status.data.recv_status_on_client.status = &stream->code;
    status.data.recv_status_on_client.status_details = &stream->sentence;
    start(stream, status, &stream->status_tag);
    headers[1].data.recv_initial_metadata.recv_initial_metadata = &stream->initial;
    pl_assert(grpc_call_start_batch(stream->call, headers, 2, &stream->headers_tag, NULL) == GRPC_CALL_OK);
    await(client, &stream->headers_tag);
}

bool stream_write(struct stream_call *stream, const void *data, size_t bytes)
{
    grpc_byte_buffer *buffer = pack(data, bytes);
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = buffer};

    start(stream, op, &stream->write_tag);
    bool ok = await(stream->client, &stream->write_tag);
    grpc_byte_buffer_destroy(buffer);
    return ok;
}

void stream_half_close(struct stream_call *stream)
{
    start(stream, (grpc_op){.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT}, &stream->write_tag);
    await(stream->client, &stream->write_tag);
}

uint8_t *stream_read(struct stream_call *stream, size_t *ret_bytes)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &stream->incoming};

    start(stream, op, &stream->read_tag);
    await(stream->client, &stream->read_tag);
    return unpack(stream->incoming, ret_bytes);
}

void stream_cancel(struct stream_call *stream)
{
    grpc_call_cancel(stream->call, NULL);
}

struct reply stream_end(struct stream_call *stream)
{
    await(stream->client, &stream->status_tag);
    struct reply reply = read_end(stream->code, stream->sentence, &stream->trailing);
    grpc_slice_unref(stream->sentence);
    grpc_metadata_array_destroy(&stream->initial);
    grpc_metadata_array_destroy(&stream->trailing);
    grpc_call_unref(stream->call);
    return reply;
}
