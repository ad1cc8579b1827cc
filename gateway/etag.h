/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Entity tags (RFC 9110 section 8.8.3): a message's field etag as a header, and back. */
#ifndef PL_GATEWAY_ETAG_H
#define PL_GATEWAY_ETAG_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"

/* "\"text\"". NULL when the text has characters that a tag cannot have. */
const char *pl_etag_format(const char *etag, struct pl_arena *arena);
/*
 * The etag that If-Match names; "" for *. A weak tag counts as the strong one: proxies that compress make it so.
 * PL_INVALID_ARGUMENT for several tags and for what is none.
 */
enum pl_status pl_etag_parse(const char *if_match, struct pl_arena *arena, const char **ret_etag) PL_MUST_CHECK;
/* Whether If-None-Match has the tag, weak or strong, or is *. NULL has none. */
bool pl_etag_matches(const char *if_none_match, const char *etag);

#endif
