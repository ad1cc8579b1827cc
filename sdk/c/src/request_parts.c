/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What requests are put together from. */
#include "sdk/c/src/request_parts.h"

#include <string.h>

#include "sdk/c/src/error.h"

parley_status pl_request_take_struct(void *ret_struct, size_t own_bytes, const void *from, size_t from_bytes,
                                     parley_error *ret_error)
{
    memset(ret_struct, 0, own_bytes);
    if (from_bytes < sizeof(size_t))
        return pl_error_set(ret_error, PARLEY_INVALID_ARGUMENT, "the struct was not prepared with its init function");
    memcpy(ret_struct, from, from_bytes < own_bytes ? from_bytes : own_bytes);
    return PARLEY_OK;
}

void pl_request_mask_init(struct pl_request_mask *mask)
{
    google__protobuf__field_mask__init(&mask->mask);
    mask->mask.paths = mask->paths;
}

void pl_request_mask_put(struct pl_request_mask *mask, const char *path, bool is_there)
{
    if (!is_there)
        return;
    pl_assert(mask->mask.n_paths < PL_REQUEST_MASK_MAX);
    mask->paths[mask->mask.n_paths++] = (char *)(uintptr_t)path;
}
