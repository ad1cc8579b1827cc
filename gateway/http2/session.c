/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "gateway/http2/session.h"

#include <stdint.h>
#include <string.h>

#include "base/status.h"

enum { STREAM_WINDOW_BYTES = 1 << 20, CONNECTION_WINDOW_BYTES = 16 << 20 };

nghttp2_session *pl_http2_session_new(const struct pl_http2_callbacks *callbacks, void *context)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES},
    };
    nghttp2_session_callbacks *own;
    nghttp2_session *session;
    pl_assert(nghttp2_session_callbacks_new(&own) == 0);
    nghttp2_session_callbacks_set_on_header_callback(own, callbacks->on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(own, callbacks->on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(own, callbacks->on_stream_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(own, callbacks->on_frame);
    pl_assert(nghttp2_session_client_new(&session, own, context) == 0);
    nghttp2_session_callbacks_del(own);
    pl_assert(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 2) == 0);
    pl_assert(nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW_BYTES) == 0);
    return session;
}

nghttp2_nv pl_http2_pair(const char *name, const char *value, uint8_t flags)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
                        .value = (uint8_t *)(uintptr_t)value,
                        .namelen = strlen(name),
                        .valuelen = strlen(value),
                        .flags = flags};
}
