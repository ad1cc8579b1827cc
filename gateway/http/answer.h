/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to gateway/http: a reply made into what libmicrohttpd sends. */
#ifndef PL_GATEWAY_HTTP_ANSWER_H
#define PL_GATEWAY_HTTP_ANSWER_H

#include <microhttpd.h>

struct pl_http_request;

/* On the request's http thread, after pl_http_reply. */
enum MHD_Result pl_http_answer(struct pl_http_request *request);

#endif
