/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Messages of the API as JSON, by their descriptors and the tables of api/methods.h. docs/api/json.md tells the rules,
 * and where they differ from protobuf's own JSON. Nothing here blocks or keeps state; any thread.
 *
 * A message is of a type that pl_api_json_messages has; another is a bug.
 */
#ifndef PL_GATEWAY_JSON_JSON_H
#define PL_GATEWAY_JSON_JSON_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"

/* What is wrong with a text. Neither says more of the caller's text than names that could be names of the API. */
struct pl_json_problem {
    enum pl_status status;
    char path[128];     /* "participants[2].role"; "" when it is the text as a whole */
    char sentence[200]; /* reads on from the path: "must be one of owner, admin, member"; no full stop */
};

/* Appends the message. Check buf->overflowed at the end. */
void pl_json_write(struct pl_buf *buf, const ProtobufCMessage *message);

/*
 * Reads one JSON object into a new message, all of it in the arena. No text at all reads as {}. When the message has a
 * field update_mask and the text does not name it, it is set to what the text names: a message within by its own
 * members ("settings.join_policy"), etag and what the path of a method has as variables not at all.
 *
 * PL_MALFORMED_JSON (no JSON object, a name twice, more than PL_JSON_DEPTH_MAX or PL_JSON_VALUES_MAX), PL_INVALID_TEXT
 * (not UTF-8, or \u0000), PL_UNKNOWN_FIELD, PL_INVALID_ARGUMENT (a value that its field cannot have, two members of a
 * oneof); then *problem is set and the message is not.
 */
enum pl_status pl_json_read(const char *text, size_t bytes, const ProtobufCMessageDescriptor *descriptor,
                            struct pl_arena *arena, ProtobufCMessage **ret,
                            struct pl_json_problem *problem) PL_MUST_CHECK;

/*
 * Sets one field from the decoded text of a path variable or a query parameter; field_name is as in JSON. A number, a
 * bool, an enum, a time and the like is written as in JSON, without quotes; a list gets one more element. A field that
 * has another value already is a problem, whether the body, the path or another parameter set it.
 *
 * PL_UNKNOWN_FIELD, PL_INVALID_TEXT, PL_INVALID_ARGUMENT (also for fields that no single text can say: messages, maps).
 */
enum pl_status pl_json_set(ProtobufCMessage *message, const char *field_name, const char *text, struct pl_arena *arena,
                           struct pl_json_problem *problem) PL_MUST_CHECK;

#endif
