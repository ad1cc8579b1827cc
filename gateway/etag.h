/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Entity tags (RFC 9110 section 8.8.3). The field etag of a message says which version of its settings it shows, and a
 * change is based on that. A tag also stands for all the rest of an answer, which changes without the field: it is the
 * field and, behind a dot, the hash of the answer's body.
 */
#ifndef PL_GATEWAY_ETAG_H
#define PL_GATEWAY_ETAG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"

/* The tag of a body, in quotes. NULL when the field has characters that a tag cannot have. */
const char *pl_etag_format(const char *etag, const void *body, size_t body_bytes, struct pl_arena *arena);
/*
 * The fields that If-Match names, each by a tag or as it is in the message, in quotes, with commas between; "" for *. A
 * weak tag counts as the strong one: proxies that compress make it so. PL_INVALID_ARGUMENT for what is no tag or no
 * list of them, and for one that is empty or has a comma: the field is never so.
 */
enum pl_status pl_etag_parse(const char *if_match, struct pl_arena *arena, const char **ret_etags) PL_MUST_CHECK;
/* Whether If-None-Match has the tag of pl_etag_format, weak or strong, or is *. NULL has none. */
bool pl_etag_matches(const char *if_none_match, const char *tag);

#endif
