/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One call of the API over REST: from a request that has found its method to the answer that parleyd gives. */
#ifndef PL_GATEWAY_CALL_H
#define PL_GATEWAY_CALL_H

#include "gateway/request.h"

/* Answers the request, now or later; does not block. */
void pl_rest_call(struct pl_request *request, const struct pl_route *route);

#endif
