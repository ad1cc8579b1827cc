/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What parleyd is asked: the message and the metadata that a REST request stands for. */
#ifndef PL_GATEWAY_CALL_REQUEST_H
#define PL_GATEWAY_CALL_REQUEST_H

#include "gateway/json/json.h"
#include "gateway/request.h"

struct pl_call_request {
    ProtobufCMessage *message;
    struct pl_unary_header headers[PL_UNARY_HEADERS_MAX];
    unsigned header_count;
};

/*
 * Fields come from the JSON body (methods with the body "*"; no body is {}), from the path, from the query (methods
 * without a body) and from If-Match (the field etag); no field gets two values. A method without a body takes none, or
 * {}. On anything but PL_OK *ret_problem is set, which lives as long as the request.
 */
enum pl_status pl_call_request_read(const struct pl_request *request, const struct pl_route *route,
                                    struct pl_call_request *ret_call, struct pl_problem *ret_problem) PL_MUST_CHECK;

#endif
