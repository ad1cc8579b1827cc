/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to gateway/http2: what a server says of a call becomes its answer, in the call's arena. */
#ifndef PL_GATEWAY_HTTP2_ANSWER_H
#define PL_GATEWAY_HTTP2_ANSWER_H

#include "gateway/http2/client.h"

/* The request as gRPC frames it. */
void pl_http2_answer_begin(struct pl_http2_call *call);
/* A header or trailer; those that mean nothing here are passed over. More than 64 KiB of them are no answer. */
void pl_http2_answer_header(struct pl_http2_call *call, const char *name, size_t name_bytes, const char *value,
                            size_t value_bytes);
/* Bytes of the one message, with its prefix. */
void pl_http2_answer_data(struct pl_http2_call *call, const uint8_t *data, size_t bytes, size_t reply_bytes_max);
/* The server has said how the call ended, and nothing that gRPC does not allow; reply is set when a message came. */
bool pl_http2_answer_is_whole(struct pl_http2_call *call);

#endif
