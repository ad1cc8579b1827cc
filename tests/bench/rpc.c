/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/rpc.h"

#include <dlfcn.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/support/time.h>
#include <stdatomic.h>
#include <string.h>

#include "bench/fail.h"
#include "bench/message.h"

#define CALL_TIMEOUT_S 60
#define RECEIVE_BYTES_MAX (32 << 20)

/* Debian's abseil watches the order of locks at some cost; see sdk/c/src/channel.c. */
static void switch_off_deadlock_detection(void)
{
    void *symbol = dlsym(RTLD_DEFAULT, "_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE");
    void (*set_mode)(int) = NULL;
    memcpy(&set_mode, &symbol, sizeof(set_mode));
    if (set_mode != NULL)
        set_mode(0);
}

void bench_rpc_start(void)
{
    switch_off_deadlock_detection();
    grpc_init();
}

void bench_rpc_stop(void)
{
    grpc_shutdown();
}

static grpc_arg int_arg(const char *key, int value)
{
    return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key, .value.integer = value};
}

grpc_channel *bench_channel_open(const char *endpoint)
{
    static atomic_int channels;
    grpc_arg args[] = {
        int_arg(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1),
        int_arg("parley.bench.channel", atomic_fetch_add(&channels, 1)),
        int_arg(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
        int_arg(GRPC_ARG_ENABLE_RETRIES, 0),
        int_arg(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
        int_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, RECEIVE_BYTES_MAX),
        int_arg(GRPC_ARG_ENABLE_CHANNELZ, 0),
        /* Like the C SDK, which asks for no compression. */
        int_arg(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1),
    };
    grpc_channel_args all = {.num_args = sizeof(args) / sizeof(args[0]), .args = args};
    grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
    grpc_channel *channel = grpc_channel_create(endpoint, credentials, &all);
    grpc_channel_credentials_release(credentials);
    return channel;
}

/* The message in one slice, which the caller owns. */
static grpc_slice pack(const ProtobufCMessage *message)
{
    grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    return slice;
}

/* In the arena; takes the buffer. NULL when the bytes are no such message. */
static ProtobufCMessage *unpack(grpc_byte_buffer *buffer, const ProtobufCMessageDescriptor *descriptor,
                                struct pl_arena *arena)
{
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, buffer))
        bench_fail("a message cannot be read");
    grpc_slice bytes = grpc_byte_buffer_reader_readall(&reader);
    ProtobufCMessage *message =
        bench_message_unpack(descriptor, GRPC_SLICE_START_PTR(bytes), GRPC_SLICE_LENGTH(bytes), arena);
    grpc_slice_unref(bytes);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(buffer);
    return message;
}

/* Everything that a call's one batch points at. */
struct exchange {
    grpc_metadata header;
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_byte_buffer *request;
    grpc_byte_buffer *reply;
    grpc_status_code code;
    grpc_slice details;
};

static void run_exchange(struct exchange *exchange, grpc_channel *channel, const char *path)
{
    grpc_completion_queue *queue = grpc_completion_queue_create_for_pluck(NULL);
    gpr_timespec deadline =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(CALL_TIMEOUT_S, GPR_TIMESPAN));
    grpc_call *call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, queue,
                                               grpc_slice_from_static_string(path), NULL, deadline, NULL);
    grpc_op ops[6];
    memset(ops, 0, sizeof(ops));
    ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[0].data.send_initial_metadata.count = 1;
    ops[0].data.send_initial_metadata.metadata = &exchange->header;
    ops[1].op = GRPC_OP_SEND_MESSAGE;
    ops[1].data.send_message.send_message = exchange->request;
    ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &exchange->initial;
    ops[4].op = GRPC_OP_RECV_MESSAGE;
    ops[4].data.recv_message.recv_message = &exchange->reply;
    ops[5].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    ops[5].data.recv_status_on_client.trailing_metadata = &exchange->trailing;
    ops[5].data.recv_status_on_client.status = &exchange->code;
    ops[5].data.recv_status_on_client.status_details = &exchange->details;
    pl_assert(grpc_call_start_batch(call, ops, 6, exchange, NULL) == GRPC_CALL_OK);
    grpc_completion_queue_pluck(queue, exchange, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    grpc_call_unref(call);
    grpc_completion_queue_shutdown(queue);
    while (grpc_completion_queue_pluck(queue, NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        continue;
    grpc_completion_queue_destroy(queue);
}

ProtobufCMessage *bench_rpc_call(grpc_channel *channel, const char *path, const struct bench_credential *credential,
                                 const ProtobufCMessage *request, const ProtobufCMessageDescriptor *reply,
                                 struct pl_arena *arena)
{
    struct exchange exchange;
    memset(&exchange, 0, sizeof(exchange));
    grpc_metadata_array_init(&exchange.initial);
    grpc_metadata_array_init(&exchange.trailing);
    exchange.header.key = grpc_slice_from_static_string(credential->key);
    exchange.header.value = grpc_slice_from_copied_string(credential->value);
    grpc_slice packed = pack(request);
    exchange.request = grpc_raw_byte_buffer_create(&packed, 1);
    grpc_slice_unref(packed);
    run_exchange(&exchange, channel, path);
    if (exchange.code != GRPC_STATUS_OK || exchange.reply == NULL)
        bench_fail("%s answered %d: %.*s", path, exchange.code, (int)GRPC_SLICE_LENGTH(exchange.details),
                   (const char *)GRPC_SLICE_START_PTR(exchange.details));
    ProtobufCMessage *message = unpack(exchange.reply, reply, arena);
    if (message == NULL)
        bench_fail("%s answered with something else", path);
    grpc_byte_buffer_destroy(exchange.request);
    grpc_metadata_array_destroy(&exchange.initial);
    grpc_metadata_array_destroy(&exchange.trailing);
    grpc_slice_unref(exchange.header.value);
    grpc_slice_unref(exchange.details);
    return message;
}
