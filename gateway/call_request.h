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

struct pl_header_names {
    const char *list[4]; /* lower case */
    unsigned count;
};

/*
 * The headers of these names that the request has, and its id, as those of a call: appends to ret_headers, which has
 * room for them and the id. Values live as long as the request. PL_INVALID_ARGUMENT, as below, when one cannot be sent.
 */
enum pl_status pl_call_request_forward(const struct pl_request *request, const struct pl_header_names *names,
                                       struct pl_unary_header *ret_headers, unsigned *ret_count,
                                       struct pl_problem *ret_problem) PL_MUST_CHECK;
/*
 * Fields come from the JSON body (methods with the body "*"; no body is {}), from the path, from the query (methods
 * without a body) and from If-Match (the field etag); no field gets two values. A method without a body takes none, or
 * {}. On anything but PL_OK *ret_problem is set, which lives as long as the request.
 */
enum pl_status pl_call_request_read(const struct pl_request *request, const struct pl_route *route,
                                    struct pl_call_request *ret_call, struct pl_problem *ret_problem) PL_MUST_CHECK;

#endif
