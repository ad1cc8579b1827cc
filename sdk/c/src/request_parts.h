/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What requests are put together from: structs of any age, maps, update masks. */
#ifndef PL_SDK_REQUEST_PARTS_H
#define PL_SDK_REQUEST_PARTS_H

#include <parley/types.h>
#include <stdbool.h>

#include "base/arena.h"
#include "google/protobuf/field_mask.pb-c.h"

/*
 * Copies what the caller's header knew of the struct; the rest is zero. PARLEY_INVALID_ARGUMENT when its init function
 * was not called.
 */
parley_status pl_request_take_struct(void *ret_struct, size_t own_bytes, const void *from, size_t from_bytes,
                                     parley_error *ret_error);

/* Settings of a parley_new_chat or a parley_chat_update, but for message_ttl. */
#define PL_REQUEST_SET_SETTINGS(settings_, from_)                                                                      \
    do {                                                                                                               \
        parley__v1__chat_settings__init(settings_);                                                                    \
        (settings_)->join_policy = (Parley__V1__JoinPolicy)(from_)->join_policy;                                       \
        (settings_)->history_for_new = (Parley__V1__HistoryForNew)(from_)->history_for_new;                            \
        (settings_)->who_may_send = (Parley__V1__Role)(from_)->who_may_send;                                           \
        (settings_)->who_may_add = (Parley__V1__Role)(from_)->who_may_add;                                             \
        (settings_)->who_may_edit = (Parley__V1__Role)(from_)->who_may_edit;                                           \
        (settings_)->read_receipts = (Parley__V1__ReadReceipts)(from_)->read_receipts;                                 \
    } while (0)

/* Each map has an entry type of its own; all have the same fields. A map that is NULL is empty. */
#define PL_REQUEST_SET_METADATA(request_, from_, entry_type_, entry_init_, arena_)                                     \
    do {                                                                                                               \
        size_t count_ = (from_)->metadata != NULL ? (from_)->metadata_count : 0;                                       \
        (request_)->n_metadata = count_;                                                                               \
        (request_)->metadata = pl_arena_array((arena_), entry_type_ *, count_ + 1);                                    \
        for (size_t i_ = 0; i_ < count_; i_++) {                                                                       \
            entry_type_ *entry_ = pl_arena_new((arena_), entry_type_);                                                 \
            entry_init_(entry_);                                                                                       \
            entry_->key = pl_request_text((from_)->metadata[i_].key);                                                  \
            entry_->value = pl_request_text((from_)->metadata[i_].value);                                              \
            (request_)->metadata[i_] = entry_;                                                                         \
        }                                                                                                              \
    } while (0)

#define PL_REQUEST_MASK_MAX 16

/* An update mask that grows by the fields that are there. */
struct pl_request_mask {
    Google__Protobuf__FieldMask mask;
    char *paths[PL_REQUEST_MASK_MAX];
};

void pl_request_mask_init(struct pl_request_mask *mask);
/* path is static. */
void pl_request_mask_put(struct pl_request_mask *mask, const char *path, bool is_there);

#endif
