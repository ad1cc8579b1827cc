/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Fields of API messages: ids, times, limits and metadata, between their wire form and ours. Any thread. */
#ifndef PL_RPC_FIELDS_H
#define PL_RPC_FIELDS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/uuid.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

struct pl_call;

/* "" for the nil UUID. In the arena. */
char *pl_field_uuid(const struct pl_uuid *uuid, struct pl_arena *arena);
/* Of the field name. False: it is no UUID, and the call has failed with PL_INVALID_ID. On the call's loop. */
bool pl_field_take_uuid(struct pl_call *call, const char *name, const char *text, struct pl_uuid *ret_uuid);
/* As pl_uuid_parse, but "" is the nil UUID. */
enum pl_status pl_field_optional_uuid(const char *text, struct pl_uuid *ret_uuid) PL_MUST_CHECK;
/* NULL for 0. In the arena. */
Google__Protobuf__Timestamp *pl_field_time(int64_t unix_us, struct pl_arena *arena);
/*
 * Microseconds since 1970, rounded up to the next one; 0 is a time like any other. PL_INVALID_ARGUMENT outside of the
 * years 1 to 9999 and for nanos outside of a second.
 */
enum pl_status pl_field_time_us(const Google__Protobuf__Timestamp *time, int64_t *ret_unix_us) PL_MUST_CHECK;
/* PL_INVALID_PAGE_SIZE below 0 and above 100; 0 is 50. */
enum pl_status pl_field_page_size(int32_t page_size, int *ret_size) PL_MUST_CHECK;
/* At least min and at most max code points of (already checked) UTF-8. */
bool pl_field_chars(const char *text, size_t min, size_t max);
/*
 * Of a map<string, string>: entries as protobuf-c gives them, of any message. PL_INVALID_ARGUMENT over 4,096 bytes or
 * with an empty or repeated key.
 */
enum pl_status pl_field_metadata(const void *entries, size_t count) PL_MUST_CHECK;
/* A map of request to one of another message, of whose entries the descriptor is; strings are borrowed. */
void *pl_field_copy_map(const void *entries, size_t count, const ProtobufCMessageDescriptor *descriptor,
                        struct pl_arena *arena);
/*
 * Which of names (at most 32, NULL at the end) the mask has, as bits; "*" is all. 0 without a mask or with an empty
 * one. PL_INVALID_ARGUMENT for a path that is not among them.
 */
enum pl_status pl_field_mask(const Google__Protobuf__FieldMask *mask, const char *const *names,
                             uint32_t *ret_bits) PL_MUST_CHECK;
/* Puts the entries of maps, of the message and of those in it, in the order of their keys: on the wire they come in
 * any. */
void pl_field_sort_maps(ProtobufCMessage *message);
/* A message packed into the arena. */
uint8_t *pl_field_pack(const ProtobufCMessage *message, struct pl_arena *arena, size_t *ret_bytes);
/* The unpacked form, in the arena, of bytes that we packed ourselves. */
ProtobufCMessage *pl_field_unpack(const ProtobufCMessageDescriptor *descriptor, const void *data, size_t bytes,
                                  struct pl_arena *arena);

#endif
