/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "http2_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "rpc/inbound.h"
#include "support/cmocka.h"

enum { READ_BYTES = 64 << 10, OUT_BYTES_MAX = 16 << 20, ANSWER_BYTES_MAX = 256 << 20, FRAME_HEAD_BYTES = 9 };

int h2_setup(void **state)
{
    struct h2_rig *rig = calloc(1, sizeof(*rig));

    assert_non_null(rig);
    fixture_init(&rig->fixture);
    *state = rig;
    return 0;
}

void h2_rig_start(struct h2_rig *rig, uint32_t window_bytes)
{
    fixture_start(&rig->fixture);
    h2_open(&rig->client, h2_connect(pl_rpc_port(rig->fixture.rpc), 0), window_bytes);
}

int h2_teardown(void **state)
{
    struct h2_rig *rig = *state;

    h2_close(&rig->client);
    fixture_stop(&rig->fixture);
    free(rig);
    return 0;
}

/* ---- what nghttp2 calls ---- */

static struct h2_call *call_of(nghttp2_session *session, int32_t id)
{
    return id == 0 ? NULL : nghttp2_session_get_stream_user_data(session, id);
}

static int on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct h2_call *call = call_of(session, frame->hd.stream_id);

    (void)context;
    if (call != NULL)
        call->blocks++;
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are nghttp2's. */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_bytes,
                     const uint8_t *value, size_t value_bytes, uint8_t flags, void *context)
{
    struct h2_call *call = call_of(session, frame->hd.stream_id);

    (void)flags;
    (void)context;
    if (call != NULL)
        pl_metadata_add(call->blocks > 1 ? &call->trailers : &call->headers, name, name_bytes, value, value_bytes);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t bytes,
                   void *context)
{
    struct h2_call *call = call_of(session, id);

    (void)flags;
    (void)context;
    if (call != NULL)
        pl_buf_put(&call->data, data, bytes);
    return 0;
}

static void note_of_call(struct h2_call *call, const nghttp2_frame *frame)
{
    call->is_ended = call->is_ended || ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
                                        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0);
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
        call->is_reset = true;
        call->reset_code = frame->rst_stream.error_code;
    } else if (frame->hd.type == NGHTTP2_WINDOW_UPDATE) {
        call->credit += (uint32_t)frame->window_update.window_size_increment;
    }
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct h2_client *client = context;
    struct h2_call *call = call_of(session, frame->hd.stream_id);

    if (call != NULL)
        note_of_call(call, frame);
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0)
        client->pongs++;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        client->has_warning = client->has_warning || frame->goaway.last_stream_id == INT32_MAX;
        client->has_goaway = frame->goaway.last_stream_id != INT32_MAX;
        client->goaway_last_id = frame->goaway.last_stream_id;
        client->goaway_code = frame->goaway.error_code;
    }
    return 0;
}

/* ---- the connection ---- */

int h2_connect(int port, int receive_bytes)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((in_port_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    if (receive_bytes > 0)
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

void h2_open(struct h2_client *client, int fd, uint32_t window_bytes)
{
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window_bytes}};
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *options;

    *client = (struct h2_client){.fd = fd};
    pl_buf_init(&client->out, OUT_BYTES_MAX);
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    assert_int_equal(nghttp2_option_new(&options), 0);
    nghttp2_option_set_no_auto_window_update(options, window_bytes == 0);
    assert_int_equal(nghttp2_session_client_new2(&client->session, callbacks, client, options), 0);
    nghttp2_option_del(options);
    nghttp2_session_callbacks_del(callbacks);
    assert_int_equal(nghttp2_submit_settings(client->session, NGHTTP2_FLAG_NONE, settings, 1), 0);
    assert_int_equal(nghttp2_session_set_local_window_size(client->session, NGHTTP2_FLAG_NONE, 0, INT32_MAX), 0);
    h2_flush(client);
}

void h2_close(struct h2_client *client)
{
    if (client->session == NULL)
        return;
    nghttp2_session_del(client->session);
    client->session = NULL;
    pl_buf_fini(&client->out);
    close(client->fd);
}

/* What nghttp2 has to say goes before what is put behind this. */
static void gather(struct h2_client *client)
{
    const uint8_t *data;
    ssize_t bytes;

    while ((bytes = nghttp2_session_mem_send(client->session, &data)) > 0)
        pl_buf_put(&client->out, data, (size_t)bytes);
    assert_int_equal(bytes, 0);
    assert_false(client->out.overflowed);
}

/* The server may have ended the connection; whoever reads is told. */
void h2_flush(struct h2_client *client)
{
    size_t sent = 0;

    gather(client);
    while (sent < client->out.bytes) {
        ssize_t some = send(client->fd, client->out.data + sent, client->out.bytes - sent, MSG_NOSIGNAL);
        if (some < 0)
            break;
        sent += (size_t)some;
    }
    pl_buf_reset(&client->out);
}

bool h2_read(struct h2_client *client)
{
    static uint8_t data[READ_BYTES];
    ssize_t bytes;

    h2_flush(client);
    bytes = recv(client->fd, data, sizeof(data), 0);
    assert_true(bytes >= 0 || errno == ECONNRESET);
    if (bytes <= 0)
        return false;
    assert_int_equal(nghttp2_session_mem_recv(client->session, data, (size_t)bytes), bytes);
    return true;
}

void h2_await_eof(struct h2_client *client)
{
    while (h2_read(client))
        continue;
}

/* Twice: what the first one's turn put off is done before the second is answered. */
void h2_sync(struct h2_client *client)
{
    for (unsigned i = 0; i < 2; i++) {
        unsigned pongs = client->pongs;
        assert_int_equal(nghttp2_submit_ping(client->session, NGHTTP2_FLAG_NONE, NULL), 0);
        while (client->pongs == pongs)
            assert_true(h2_read(client));
    }
}

/* ---- calls ---- */

static void add(nghttp2_nv *pairs, size_t *count, const char *name, const char *value)
{
    pairs[(*count)++] = (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
                                     .value = (uint8_t *)(uintptr_t)value,
                                     .namelen = strlen(name),
                                     .valuelen = strlen(value),
                                     .flags = NGHTTP2_NV_FLAG_NO_INDEX};
}

void h2_start(struct h2_client *client, const struct h2_head *head, struct h2_call *ret_call)
{
    nghttp2_nv pairs[H2_FIELDS_MAX + 6];
    size_t count = 0;

    *ret_call = (struct h2_call){0};
    pl_metadata_init(&ret_call->headers);
    pl_metadata_init(&ret_call->trailers);
    pl_buf_init(&ret_call->data, ANSWER_BYTES_MAX);
    add(pairs, &count, ":method", head->method != NULL ? head->method : "POST");
    add(pairs, &count, ":scheme", "http");
    add(pairs, &count, ":authority", "localhost");
    if (head->path[0] != '\0')
        add(pairs, &count, ":path", head->path);
    add(pairs, &count, "te", "trailers");
    add(pairs, &count, "content-type", head->content_type != NULL ? head->content_type : "application/grpc");
    for (unsigned i = 0; i < H2_FIELDS_MAX && head->fields[i].name != NULL; i++)
        add(pairs, &count, head->fields[i].name, head->fields[i].value);
    ret_call->id = nghttp2_submit_headers(client->session, head->is_all ? NGHTTP2_FLAG_END_STREAM : NGHTTP2_FLAG_NONE,
                                          -1, NULL, pairs, count, ret_call);
    assert_true(ret_call->id > 0);
    gather(client);
}

void h2_start_path(struct h2_client *client, const char *path, struct h2_call *ret_call)
{
    struct h2_head head = {.path = path};

    h2_start(client, &head, ret_call);
}

void h2_data(struct h2_client *client, const struct h2_call *call, const void *data, size_t bytes, bool is_last)
{
    assert_true(bytes <= H2_FRAME_BYTES_MAX);
    gather(client);
    pl_buf_put_u32(&client->out, (uint32_t)bytes << 8 | NGHTTP2_DATA);
    pl_buf_put_u8(&client->out, is_last ? NGHTTP2_FLAG_END_STREAM : NGHTTP2_FLAG_NONE);
    pl_buf_put_u32(&client->out, (uint32_t)call->id);
    pl_buf_put(&client->out, data, bytes);
}

void h2_message(struct h2_client *client, const struct h2_call *call, const void *data, size_t bytes, bool is_last)
{
    size_t all = PL_PREFIX_BYTES + bytes;
    uint8_t *framed = malloc(all);

    assert_non_null(framed);
    pl_prefix_put(framed, false, bytes);
    memcpy(framed + PL_PREFIX_BYTES, data, bytes);
    for (size_t at = 0; at < all; at += H2_FRAME_BYTES_MAX) {
        size_t some = all - at < H2_FRAME_BYTES_MAX ? all - at : H2_FRAME_BYTES_MAX;
        h2_data(client, call, framed + at, some, is_last && at + some == all);
    }
    free(framed);
}

void h2_open_window(struct h2_client *client, const struct h2_call *call, int32_t bytes)
{
    assert_int_equal(nghttp2_submit_window_update(client->session, NGHTTP2_FLAG_NONE, call->id, bytes), 0);
}

void h2_reset(struct h2_client *client, const struct h2_call *call)
{
    assert_int_equal(nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, call->id, NGHTTP2_CANCEL), 0);
    gather(client);
}

void h2_await_headers(struct h2_client *client, struct h2_call *call)
{
    while (call->blocks == 0)
        assert_true(h2_read(client));
}

void h2_await_end(struct h2_client *client, struct h2_call *call)
{
    while (!call->is_ended && !call->is_reset)
        assert_true(h2_read(client));
}

/* Of what is there; false: that is not a whole one. */
static bool find_message(const struct h2_call *call, size_t *ret_bytes)
{
    size_t left = call->data.bytes - call->data_read;
    struct pl_inbound inbound = {0};

    if (left < PL_PREFIX_BYTES)
        return false;
    memcpy(inbound.prefix, call->data.data + call->data_read, PL_PREFIX_BYTES);
    *ret_bytes = pl_inbound_bytes(&inbound);
    return left - PL_PREFIX_BYTES >= *ret_bytes;
}

bool h2_next(struct h2_client *client, struct h2_call *call, const uint8_t **ret_data, size_t *ret_bytes)
{
    while (!find_message(call, ret_bytes)) {
        if (call->is_ended || call->is_reset)
            return false;
        assert_true(h2_read(client));
    }
    *ret_data = call->data.data + call->data_read + PL_PREFIX_BYTES;
    call->data_read += PL_PREFIX_BYTES + *ret_bytes;
    return true;
}

bool h2_was_compressed(const struct h2_call *call, size_t bytes)
{
    return call->data.data[call->data_read - bytes - PL_PREFIX_BYTES] == 1;
}

void h2_free(struct h2_call *call)
{
    pl_buf_fini(&call->headers);
    pl_buf_fini(&call->trailers);
    pl_buf_fini(&call->data);
}

/* ---- what the answer says ---- */

const char *h2_status_field(const struct h2_call *call, const char *name)
{
    return pl_metadata_find(call->blocks > 1 ? &call->trailers : &call->headers, name);
}

static void assert_reason(const char *details, const char *reason)
{
    uint8_t packed[4096];
    size_t bytes;
    const char *end;

    assert_int_equal(sodium_base642bin(packed, sizeof(packed), details, strlen(details), NULL, &bytes, &end,
                                       sodium_base64_VARIANT_ORIGINAL_NO_PADDING),
                     0);
    assert_string_equal(end, "");
    Google__Rpc__Status *status = google__rpc__status__unpack(NULL, bytes, packed);
    assert_non_null(status);
    assert_true(status->n_details > 0);
    Google__Rpc__ErrorInfo *info =
        google__rpc__error_info__unpack(NULL, status->details[0]->value.len, status->details[0]->value.data);
    assert_non_null(info);
    assert_string_equal(info->reason, reason);
    google__rpc__error_info__free_unpacked(info, NULL);
    google__rpc__status__free_unpacked(status, NULL);
}

void h2_assert_status(const struct h2_call *call, enum pl_status status)
{
    char code[12];

    snprintf(code, sizeof(code), "%d", pl_status_grpc_code(status));
    assert_true(call->is_ended);
    assert_non_null(h2_status_field(call, "grpc-status"));
    assert_string_equal(h2_status_field(call, "grpc-status"), code);
    if (status != PL_OK)
        assert_reason(h2_status_field(call, "grpc-status-details-bin"), pl_status_reason(status));
}
