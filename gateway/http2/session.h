/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to gateway/http2, and the load generator's: what a gRPC client on nghttp2 begins with. */
#ifndef PL_GATEWAY_HTTP2_SESSION_H
#define PL_GATEWAY_HTTP2_SESSION_H

#include <nghttp2/nghttp2.h>

struct pl_http2_callbacks {
    nghttp2_on_header_callback on_header;
    nghttp2_on_data_chunk_recv_callback on_data;
    nghttp2_on_stream_close_callback on_stream_close;
    nghttp2_on_frame_recv_callback on_frame;
};

/* A client's session with wide windows, whose settings are to be sent; the caller deletes it. */
nghttp2_session *pl_http2_session_new(const struct pl_http2_callbacks *callbacks, void *context);
/* A header; name and value are the caller's until it is submitted. */
nghttp2_nv pl_http2_pair(const char *name, const char *value, uint8_t flags);

#endif
