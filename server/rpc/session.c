/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What nghttp2 tells of a connection, made into calls. The headers of a call come as one block, which no other stream
 * interrupts, so they gather in one place for each connection.
 *
 * A stream's window opens by what its call is done with; the connection's at once, or one call that does not read could
 * stop all the others.
 */
#include <string.h>

#include "rpc/connection.h"
#include "rpc/serving.h"

enum {
    STREAMS_MAX = 1000,
    CONNECTION_WINDOW_BYTES = 1 << 20,
    STREAM_WINDOW_BYTES = 64 << 10,
    /* A gateway may cancel all that it has at once. Who cancels more gets no more calls (CVE-2023-44487). */
    RESETS_MAX = 4 * STREAMS_MAX,
    RESETS_PER_SECOND = STREAMS_MAX,
};

static struct pl_call *call_of(nghttp2_session *session, int32_t stream_id)
{
    return nghttp2_session_get_stream_user_data(session, stream_id);
}

static bool is_of_request(const nghttp2_frame *frame)
{
    return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct pl_connection *connection = context;

    (void)session;
    if (is_of_request(frame))
        pl_buf_reset(&connection->head);
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are nghttp2's. */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_bytes,
                     const uint8_t *value, size_t value_bytes, uint8_t flags, void *context)
{
    struct pl_connection *connection = context;

    (void)session;
    (void)flags;
    if (is_of_request(frame))
        pl_metadata_add(&connection->head, name, name_bytes, value, value_bytes);
    return 0;
}

/* "application/grpc", maybe with a format or a parameter behind; not "application/grpc-web". */
static bool is_grpc(const char *content_type)
{
    static const char name[] = "application/grpc";

    return content_type != NULL && strncmp(content_type, name, sizeof(name) - 1) == 0 &&
           strchr("+;", content_type[sizeof(name) - 1]) != NULL;
}

/* Neither gRPC nor meant to be: HTTP has words for that. */
static bool refuse(nghttp2_session *session, int32_t stream_id, const struct pl_buf *head)
{
    static uint8_t name[] = ":status";
    static uint8_t not_allowed[] = "405";
    static uint8_t not_supported[] = "415";
    nghttp2_nv pair = {.name = name, .namelen = sizeof(name) - 1, .valuelen = sizeof(not_allowed) - 1};

    if (head->overflowed)
        return false;
    if (strcmp(pl_metadata_find(head, ":method"), "POST") != 0)
        pair.value = not_allowed;
    else if (!is_grpc(pl_metadata_find(head, "content-type")))
        pair.value = not_supported;
    else
        return false;
    pl_assert(nghttp2_submit_response(session, stream_id, &pair, 1, NULL) == 0);
    return true;
}

static void begin_call(struct pl_connection *connection, int32_t stream_id)
{
    struct pl_rpc *rpc = connection->home->rpc;
    struct pl_buf *head = &connection->head;
    bool is_too_long = head->overflowed;
    const struct pl_served *served =
        is_too_long ? &rpc->unknown : pl_serving_find(rpc, pl_metadata_find(head, ":path"));
    bool is_stream = served->method->stream != NULL;
    struct pl_call *call = is_stream ? pl_stream_new() : pl_unary_new();

    pl_call_init(call, is_stream ? &pl_stream_kind : &pl_unary_kind, served, connection, stream_id, head);
    nghttp2_session_set_stream_user_data(connection->session, stream_id, call);
    connection->holds++;
    TAILQ_INSERT_TAIL(&connection->calls, call, link);
    call->kind->began(call);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct pl_connection *connection = context;
    struct pl_call *call;

    if (frame->hd.type == NGHTTP2_SETTINGS)
        connection->has_greeted = true;
    if (is_of_request(frame) && !refuse(session, frame->hd.stream_id, &connection->head))
        begin_call(connection, frame->hd.stream_id);
    if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        call = call_of(session, frame->hd.stream_id);
        if (call != NULL)
            call->kind->half_closed(call);
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data, size_t bytes,
                   void *context)
{
    struct pl_call *call = call_of(session, stream_id);
    size_t done = call != NULL ? call->kind->arrived(call, data, bytes) : bytes;

    (void)flags;
    (void)context;
    nghttp2_session_consume_connection(session, bytes);
    nghttp2_session_consume_stream(session, stream_id, done);
    return 0;
}

/* The client need not say any more: gRPC's servers tell it so, by a reset without an error (RFC 9113 section 8.1). */
static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    int32_t stream_id = frame->hd.stream_id;
    struct pl_call *call;

    (void)context;
    if (frame->hd.type != NGHTTP2_HEADERS || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
        return 0;
    call = call_of(session, stream_id);
    if (call != NULL)
        call->is_whole = true;
    if (nghttp2_session_get_stream_remote_close(session, stream_id) == 0)
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream_id, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *context)
{
    struct pl_connection *connection = context;
    struct pl_call *call = call_of(session, stream_id);

    (void)code;
    if (call == NULL)
        return 0;
    call->is_over = true;
    TAILQ_REMOVE(&connection->calls, call, link);
    TAILQ_INSERT_TAIL(&connection->over, call, link);
    return 0;
}

static nghttp2_option *make_options(void)
{
    nghttp2_option *options;

    pl_assert(nghttp2_option_new(&options) == 0);
    nghttp2_option_set_no_auto_window_update(options, 1);
    nghttp2_option_set_stream_reset_rate_limit(options, RESETS_MAX, RESETS_PER_SECOND);
    nghttp2_option_set_no_closed_streams(options, 1);
    /* Values that begin or end with a space are the method's to refuse, with a reason. */
    nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(options, 1);
    return options;
}

static nghttp2_session_callbacks *make_callbacks(void)
{
    nghttp2_session_callbacks *callbacks;

    pl_assert(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    return callbacks;
}

nghttp2_session *pl_session_new(struct pl_connection *connection)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS_MAX},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, PL_CALL_METADATA_BYTES_MAX},
    };
    nghttp2_option *options = make_options();
    nghttp2_session_callbacks *callbacks = make_callbacks();
    nghttp2_session *session;

    pl_assert(nghttp2_session_server_new2(&session, callbacks, connection, options) == 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(options);
    pl_metadata_init(&connection->head);
    pl_assert(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 3) == 0);
    pl_assert(nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW_BYTES) == 0);
    return session;
}
