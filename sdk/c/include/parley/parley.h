/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The C SDK of Parley: a client for every unary method, and the stream on which a device sends and receives.
 *
 * Rules that hold everywhere:
 * - Texts are UTF-8, NUL-terminated, never NULL in results (empty instead). Ids are UUIDs of 36 characters. Times are
 *   microseconds since 1970 UTC, 0 for "not set". Durations say their unit in their name.
 * - Requests are borrowed until the function returns. A result handed out through `ret_x` is the caller's and is freed
 *   with the free function of its type; every pointer inside it lives as long as it. It is written on success only.
 * - Fallible functions return a parley_status. With a parley_error they also say what happened, in words; the pointer
 * may be NULL. Nothing is kept in thread-local or global variables.
 * - A parley_client may be used by any number of threads at once. What any other function allows is said above it.
 * - Structs that the caller fills in have an init function that must be called first: it makes a program that was
 * compiled with an older header work with a newer library.
 * - Do not fork between parley_client_new and parley_client_free and use the client in the child.
 */
#ifndef PARLEY_PARLEY_H
#define PARLEY_PARLEY_H

#include <parley/apps.h>
#include <parley/chats.h>
#include <parley/client.h>
#include <parley/messages.h>
#include <parley/status.h>
#include <parley/stream.h>
#include <parley/sync.h>
#include <parley/types.h>
#include <parley/users.h>

#endif
