/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The query of a URL: fields of the request message that neither the path nor the body says. */
#ifndef PL_GATEWAY_QUERY_H
#define PL_GATEWAY_QUERY_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/status.h"
#include "gateway/json/json.h"

/*
 * Sets a field of the message for each name=value of the raw query; a name that comes again adds to a list. Names and
 * values are percent-encoded, '+' is a blank. "limit" is another name of page_size.
 *
 * PL_MALFORMED_REQUEST (bad escapes) and what pl_json_set answers, with *problem set; it names
 * the parameter as the caller did.
 */
enum pl_status pl_query_read(const char *query, ProtobufCMessage *message, struct pl_arena *arena,
                             struct pl_json_problem *problem) PL_MUST_CHECK;

#endif
