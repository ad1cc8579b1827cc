/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* GET /v1/stream: StreamService.Connect over WebSocket. docs/api/websocket.md is its contract. */
#ifndef PL_GATEWAY_STREAM_H
#define PL_GATEWAY_STREAM_H

#include "gateway/request.h"

bool pl_stream_is_at(const char *path);
/* PL_METHOD_NOT_ALLOWED with the verbs that are, or PL_OK. */
enum pl_status pl_stream_check_verb(const char *verb, const char **ret_allow);
/* Upgrades the request, or refuses it. */
void pl_stream_answer(struct pl_request *request);

#endif
