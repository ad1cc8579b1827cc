/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A gRPC channel and its unary calls. Each call has a completion queue of its own that its caller waits on, as gRPC's
 * own blocking clients do, so no thread of ours is needed for it. gRPC's waiting between connection attempts is kept
 * short and is overruled before each attempt of ours: the SDK paces attempts itself.
 */
#include "sdk/c/src/channel.h"

#include <ctype.h>
#include <dlfcn.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "rpc/codec.h"
#include "sdk/c/src/channel_grpc.h"
#include "sdk/c/src/error.h"
#include "sdk/c/src/quiet_signals.h"

#define RECEIVE_BYTES_MAX (32 << 20)
#define METADATA_BYTES_MAX (16 << 10)
#define KEEPALIVE_MS 30000
#define KEEPALIVE_TIMEOUT_MS 10000
#define CONNECT_TIMEOUT_MS 5000
#define RECONNECT_FIRST_MS 100
#define RECONNECT_MAX_MS 1000
#define TARGET_BYTES_MAX 512
#define UNIX_PATH_BYTES_MAX 107
#define FAILURE_BYTES_MAX (64 << 10)

/*
 * abseil as Debian builds it watches the order of locks and aborts the process when it suspects a cycle. A library must
 * not do that to its host. The symbol's name is Debian's, so it is looked up; elsewhere there is nothing to switch off.
 */
static void switch_off_deadlock_detection(void)
{
    void *symbol = dlsym(RTLD_DEFAULT, "_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE");
    void (*set_mode)(int) = NULL;
    memcpy(&set_mode, &symbol, sizeof set_mode);
    if (set_mode != NULL)
        set_mode(0);
}

static bool is_local(const char *endpoint)
{
    return strncmp(endpoint, "unix:", 5) == 0 || strncmp(endpoint, "127.", 4) == 0 ||
           strncmp(endpoint, "localhost:", 10) == 0 || strncmp(endpoint, "[::1]:", 6) == 0;
}

/* A target is a URI, so what a path may have and a URI may not is escaped. The path of a socket is short. */
static bool format_unix_target(const char *path, char ret_target[TARGET_BYTES_MAX])
{
    int used = snprintf(ret_target, TARGET_BYTES_MAX, "unix:");
    if (path[0] != '/' || strlen(path) > UNIX_PATH_BYTES_MAX)
        return false;
    for (; *path != '\0'; path++)
        used += snprintf(ret_target + used, (size_t)(TARGET_BYTES_MAX - used),
                         isalnum((unsigned char)*path) || strchr("/._-", *path) != NULL ? "%c" : "%%%02X",
                         (unsigned char)*path);
    return true;
}

/* host:port with a port of digits, or unix:/path. */
static bool format_target(const char *endpoint, char ret_target[TARGET_BYTES_MAX])
{
    const char *colon = strrchr(endpoint, ':');
    size_t bytes = strlen(endpoint);
    if (bytes == 0 || bytes > TARGET_BYTES_MAX - 16)
        return false;
    if (strncmp(endpoint, "unix:", 5) == 0)
        return format_unix_target(endpoint + 5, ret_target);
    snprintf(ret_target, TARGET_BYTES_MAX, "dns:///%s", endpoint);
    if (colon == NULL || colon == endpoint || strpbrk(endpoint, "/ \t@?#%") != NULL)
        return false;
    return strspn(colon + 1, "0123456789") == strlen(colon + 1) && atol(colon + 1) >= 1 && atol(colon + 1) <= 65535;
}

static void format_user_agent(const char *name, char *ret_text, size_t bytes)
{
    int used = snprintf(ret_text, bytes, "%.100s%slibparley/%s", name != NULL ? name : "", name != NULL ? " " : "",
                        PARLEY_VERSION);
    for (int i = 0; i < used; i++)
        if (!isprint((unsigned char)ret_text[i]))
            ret_text[i] = '?';
}

static grpc_arg int_arg(const char *key, int value)
{
    return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key, .value.integer = value};
}

static grpc_channel *create(const char *target, const char *user_agent, bool local)
{
    grpc_arg args[] = {
        int_arg(GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS),
        int_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS),
        int_arg(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),
        int_arg(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, CONNECT_TIMEOUT_MS),
        int_arg(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, RECONNECT_FIRST_MS),
        int_arg(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, RECONNECT_MAX_MS),
        int_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, RECEIVE_BYTES_MAX),
        int_arg(GRPC_ARG_MAX_METADATA_SIZE, METADATA_BYTES_MAX),
        int_arg(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
        int_arg(GRPC_ARG_ENABLE_RETRIES, 0),
        int_arg(GRPC_ARG_ENABLE_HTTP_PROXY, !local),
        /* No answer is compressed: an inflated one would not be bounded by the limit above. */
        int_arg(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1),
        {.type = GRPC_ARG_STRING,
         .key = (char *)(uintptr_t)GRPC_ARG_PRIMARY_USER_AGENT_STRING,
         .value.string = (char *)(uintptr_t)user_agent},
    };
    grpc_channel_args all = {.num_args = sizeof args / sizeof args[0], .args = args};
    grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
    grpc_channel *channel = grpc_channel_create(target, credentials, &all);
    grpc_channel_credentials_release(credentials);
    return channel;
}

/* A header may be a credential; gRPC says when nobody looks at it any more. */
static void wipe_and_free(void *text, size_t bytes)
{
    explicit_bzero(text, bytes);
    free(text);
}

static void make_header(grpc_metadata *header, const char *key, const char *prefix, const char *value)
{
    size_t prefix_bytes = strlen(prefix);
    size_t bytes = prefix_bytes + strlen(value);
    char *text = malloc(bytes + 1);
    pl_assert(text != NULL);
    memcpy(text, prefix, prefix_bytes);
    memcpy(text + prefix_bytes, value, bytes - prefix_bytes);
    memset(header, 0, sizeof *header);
    header->key = grpc_slice_from_static_string(key);
    header->value = grpc_slice_new_with_len(text, bytes, wipe_and_free);
}

/* False when the value has characters that a header cannot carry. */
static bool add_header(struct pl_channel *channel, const char *key, const char *prefix, const char *value)
{
    grpc_metadata *header = &channel->headers[channel->header_count];
    if (value == NULL || value[0] == '\0')
        return true;
    channel->header_count++;
    make_header(header, key, prefix, value);
    return grpc_header_nonbin_value_is_legal(header->value) != 0;
}

static bool add_credentials(struct pl_channel *channel, const struct parley_options *options)
{
    const char *token = options->token_provider == NULL ? options->token : NULL;
    return add_header(channel, "authorization", "Bearer ", token) &&
           add_header(channel, "x-api-key", "", options->api_key) &&
           add_header(channel, "parley-user", "", options->acting_user);
}

parley_status pl_channel_open(const struct parley_options *options, struct pl_channel **ret_channel,
                              parley_error *ret_error)
{
    char target[TARGET_BYTES_MAX];
    char user_agent[160];
    struct pl_channel *channel;
    struct pl_quiet_signals signals;
    if (!format_target(options->endpoint, target))
        return pl_error_set(ret_error, PARLEY_INVALID_ARGUMENT,
                            "the endpoint \"%.200s\" is not host:port or unix:/path", options->endpoint);
    format_user_agent(options->client_name, user_agent, sizeof user_agent);
    channel = calloc(1, sizeof *channel);
    pl_assert(channel != NULL);
    channel->endpoint = strdup(options->endpoint);
    pl_assert(channel->endpoint != NULL);
    switch_off_deadlock_detection();
    pl_quiet_signals_begin(&signals);
    grpc_init();
    channel->grpc = create(target, user_agent, is_local(options->endpoint));
    pl_quiet_signals_end(&signals);
    if (!add_credentials(channel, options)) {
        pl_channel_close(channel);
        return pl_error_set(ret_error, PARLEY_INVALID_ARGUMENT, "a credential has characters that cannot be sent");
    }
    *ret_channel = channel;
    return PARLEY_OK;
}

void pl_channel_close(struct pl_channel *channel)
{
    grpc_channel_destroy(channel->grpc);
    for (size_t i = 0; i < channel->header_count; i++)
        grpc_slice_unref(channel->headers[i].value);
    grpc_shutdown();
    free(channel->endpoint);
    free(channel);
}

void pl_channel_retry_now(struct pl_channel *channel)
{
    grpc_channel_reset_connect_backoff(channel->grpc);
}

gpr_timespec pl_grpc_deadline(int64_t deadline_us)
{
    int64_t wait_us;
    if (deadline_us == INT64_MAX)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    wait_us = deadline_us - pl_clock_now_us();
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(wait_us > 0 ? wait_us : 0, GPR_TIMESPAN));
}

static void drain_and_destroy(grpc_completion_queue *queue)
{
    grpc_completion_queue_shutdown(queue);
    while (grpc_completion_queue_pluck(queue, NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        continue;
    grpc_completion_queue_destroy(queue);
}

parley_status pl_channel_connect(struct pl_channel *channel, int64_t deadline_us, parley_error *ret_error)
{
    grpc_completion_queue *queue = grpc_completion_queue_create_for_pluck(NULL);
    grpc_connectivity_state state;
    bool in_time = true;
    pl_channel_retry_now(channel);
    for (;;) {
        state = grpc_channel_check_connectivity_state(channel->grpc, 1);
        if (state == GRPC_CHANNEL_READY || state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_SHUTDOWN ||
            !in_time)
            break;
        grpc_channel_watch_connectivity_state(channel->grpc, state, pl_grpc_deadline(deadline_us), queue, queue);
        in_time = grpc_completion_queue_pluck(queue, queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).success != 0;
    }
    drain_and_destroy(queue);
    if (state == GRPC_CHANNEL_READY)
        return PARLEY_OK;
    return pl_error_set(ret_error, PARLEY_UNREACHABLE, "cannot reach %.300s", channel->endpoint);
}

void pl_call_headers_init(struct pl_call_headers *headers, const struct pl_channel *channel, const char *token)
{
    memcpy(headers->list, channel->headers, sizeof channel->headers);
    headers->count = headers->borrowed = channel->header_count;
    if (token == NULL || token[0] == '\0')
        return;
    pl_assert(headers->count < PL_CHANNEL_HEADERS_MAX);
    make_header(&headers->list[headers->count++], "authorization", "Bearer ", token);
}

void pl_call_headers_add(struct pl_call_headers *headers, const struct pl_unary_header *added, unsigned count)
{
    pl_assert(count <= PL_UNARY_HEADERS_MAX);
    for (unsigned i = 0; i < count; i++)
        make_header(&headers->list[headers->count++], added[i].name, "", added[i].value);
}

void pl_call_headers_fini(struct pl_call_headers *headers)
{
    for (size_t i = headers->borrowed; i < headers->count; i++)
        grpc_slice_unref(headers->list[i].value);
}

grpc_slice pl_grpc_pack(const ProtobufCMessage *message)
{
    grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    return slice;
}

void pl_call_end_init(struct pl_call_end *end)
{
    end->code = GRPC_STATUS_UNKNOWN;
    end->message = grpc_empty_slice();
    grpc_metadata_array_init(&end->trailers);
}

void pl_call_end_fini(struct pl_call_end *end)
{
    grpc_slice_unref(end->message);
    grpc_metadata_array_destroy(&end->trailers);
}

void pl_call_end_op(struct pl_call_end *end, grpc_op *ret_op)
{
    ret_op->op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    ret_op->data.recv_status_on_client.status = &end->code;
    ret_op->data.recv_status_on_client.status_details = &end->message;
    ret_op->data.recv_status_on_client.trailing_metadata = &end->trailers;
}

static struct pl_error_source source_of(const struct pl_call_end *end, struct pl_arena *arena)
{
    struct pl_error_source source = {.grpc_code = (int)end->code};
    source.sentence = pl_arena_copy(arena, GRPC_SLICE_START_PTR(end->message), GRPC_SLICE_LENGTH(end->message));
    for (size_t i = 0; i < end->trailers.count; i++) {
        const grpc_metadata *trailer = &end->trailers.metadata[i];
        if (grpc_slice_str_cmp(trailer->key, "grpc-status-details-bin") == 0) {
            source.details = GRPC_SLICE_START_PTR(trailer->value);
            source.details_bytes = GRPC_SLICE_LENGTH(trailer->value);
        }
    }
    return source;
}

parley_status pl_call_end_fail(const struct pl_channel *channel, const struct pl_call_end *end, struct pl_arena *arena,
                               struct pl_failure *ret_failure)
{
    struct pl_error_source source;
    if (end->code == GRPC_STATUS_OK)
        return PARLEY_OK;
    source = source_of(end, arena);
    pl_failure_from_grpc(&source, arena, ret_failure);
    if (ret_failure->status == PARLEY_UNREACHABLE)
        ret_failure->sentence =
            pl_arena_printf(arena, "cannot reach %.100s: %.300s", channel->endpoint, source.sentence);
    return ret_failure->status;
}

parley_status pl_call_end_read(const struct pl_channel *channel, const struct pl_call_end *end, parley_error *ret_error)
{
    struct pl_arena arena;
    struct pl_failure failure;
    parley_status status;
    pl_arena_init(&arena, FAILURE_BYTES_MAX);
    status = pl_call_end_fail(channel, end, &arena, &failure);
    if (status != PARLEY_OK)
        pl_error_from_failure(ret_error, &failure);
    pl_arena_fini(&arena);
    return status;
}

static parley_status fail(struct pl_failure *ret_failure, parley_status status, const char *sentence)
{
    *ret_failure = (struct pl_failure){
        .status = status, .reason = parley_status_reason(status), .domain = "", .sentence = sentence};
    return status;
}

/* Nobody was reached when the deadline passes while the channel is not connected. */
static parley_status read_end(const struct pl_channel *channel, const struct pl_call_end *end, struct pl_arena *arena,
                              struct pl_failure *ret_failure)
{
    parley_status status = pl_call_end_fail(channel, end, arena, ret_failure);
    if (status == PARLEY_DEADLINE_EXCEEDED &&
        grpc_channel_check_connectivity_state(channel->grpc, 0) != GRPC_CHANNEL_READY)
        return fail(ret_failure, PARLEY_UNREACHABLE, pl_arena_printf(arena, "cannot reach %.300s", channel->endpoint));
    return status;
}

static parley_status unpack(const struct pl_exchange *exchange, struct pl_arena *arena, ProtobufCMessage **ret_reply)
{
    grpc_byte_buffer_reader reader;
    grpc_slice bytes;
    enum pl_status status;
    if (exchange->reply == NULL || !grpc_byte_buffer_reader_init(&reader, exchange->reply))
        return PARLEY_BAD_REPLY;
    bytes = grpc_byte_buffer_reader_readall(&reader);
    status = (exchange->trusted ? pl_codec_unpack_trusted : pl_codec_unpack)(
        exchange->descriptor, GRPC_SLICE_START_PTR(bytes), GRPC_SLICE_LENGTH(bytes), arena, ret_reply);
    grpc_slice_unref(bytes);
    grpc_byte_buffer_reader_destroy(&reader);
    return status == PL_OK ? PARLEY_OK : PARLEY_BAD_REPLY;
}

void pl_exchange_start(struct pl_exchange *exchange, const struct pl_channel *channel, const struct pl_unary *unary,
                       grpc_completion_queue *queue, void *tag)
{
    grpc_slice packed = pl_grpc_pack(unary->request);
    grpc_op ops[6];
    memset(exchange, 0, sizeof *exchange);
    pl_call_headers_init(&exchange->headers, channel, unary->token);
    pl_call_headers_add(&exchange->headers, unary->headers, unary->header_count);
    grpc_metadata_array_init(&exchange->initial);
    exchange->descriptor = unary->reply;
    exchange->trusted = unary->trusted;
    exchange->request = grpc_raw_byte_buffer_create(&packed, 1);
    grpc_slice_unref(packed);
    pl_call_end_init(&exchange->end);
    exchange->call = grpc_channel_create_call(channel->grpc, NULL, GRPC_PROPAGATE_DEFAULTS, queue,
                                              grpc_slice_from_static_string(unary->path), NULL,
                                              pl_grpc_deadline(unary->deadline_us), NULL);
    memset(ops, 0, sizeof ops);
    ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[0].data.send_initial_metadata.count = exchange->headers.count;
    ops[0].data.send_initial_metadata.metadata = exchange->headers.list;
    ops[1].op = GRPC_OP_SEND_MESSAGE;
    ops[1].data.send_message.send_message = exchange->request;
    ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &exchange->initial;
    ops[4].op = GRPC_OP_RECV_MESSAGE;
    ops[4].data.recv_message.recv_message = &exchange->reply;
    pl_call_end_op(&exchange->end, &ops[5]);
    atomic_store_explicit(&exchange->started, true, memory_order_release);
    pl_assert(grpc_call_start_batch(exchange->call, ops, 6, tag, NULL) == GRPC_CALL_OK);
}

parley_status pl_exchange_read_all(const struct pl_exchange *exchange, const struct pl_channel *channel,
                                   struct pl_arena *arena, ProtobufCMessage **ret_reply, struct pl_failure *ret_failure)
{
    parley_status status = read_end(channel, &exchange->end, arena, ret_failure);
    if (status == PARLEY_OK && unpack(exchange, arena, ret_reply) != PARLEY_OK)
        status = fail(ret_failure, PARLEY_BAD_REPLY,
                      pl_arena_printf(arena, "%.300s answered %s with something else", channel->endpoint,
                                      exchange->descriptor->short_name));
    return status;
}

parley_status pl_exchange_read(const struct pl_exchange *exchange, const struct pl_channel *channel,
                               struct pl_arena *arena, ProtobufCMessage **ret_reply, parley_error *ret_error)
{
    struct pl_failure failure;
    parley_status status = pl_exchange_read_all(exchange, channel, arena, ret_reply, &failure);
    if (status != PARLEY_OK)
        pl_error_from_failure(ret_error, &failure);
    return status;
}

void pl_exchange_fini(struct pl_exchange *exchange)
{
    grpc_metadata_array_destroy(&exchange->initial);
    grpc_byte_buffer_destroy(exchange->request);
    if (exchange->reply != NULL)
        grpc_byte_buffer_destroy(exchange->reply);
    pl_call_end_fini(&exchange->end);
    grpc_call_unref(exchange->call);
    pl_call_headers_fini(&exchange->headers);
}

/* Blocks until the deadline at most: gRPC itself ends the call then. */
parley_status pl_channel_call(struct pl_channel *channel, const struct pl_unary *unary, struct pl_arena *arena,
                              ProtobufCMessage **ret_reply, parley_error *ret_error)
{
    grpc_completion_queue *queue = grpc_completion_queue_create_for_pluck(NULL);
    struct pl_exchange exchange;
    parley_status status;
    pl_exchange_start(&exchange, channel, unary, queue, &exchange);
    grpc_completion_queue_pluck(queue, &exchange, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    status = pl_exchange_read(&exchange, channel, arena, ret_reply, ret_error);
    pl_exchange_fini(&exchange);
    drain_and_destroy(queue);
    return status;
}
