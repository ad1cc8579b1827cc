/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "rpc/inbound.h"

#include <stdlib.h>
#include <string.h>

size_t pl_inbound_bytes(const struct pl_inbound *inbound)
{
    const uint8_t *prefix = inbound->prefix;

    return (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 8 | prefix[4];
}

bool pl_inbound_is_whole(const struct pl_inbound *inbound)
{
    return inbound->message != NULL && inbound->got == PL_PREFIX_BYTES + pl_inbound_bytes(inbound);
}

bool pl_inbound_is_partial(const struct pl_inbound *inbound)
{
    return inbound->got > 0 && !pl_inbound_is_whole(inbound);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum pl_status begin_message(struct pl_inbound *inbound, size_t bytes_max)
{
    size_t bytes = pl_inbound_bytes(inbound);

    if (inbound->prefix[0] != 0)
        return PL_MALFORMED_MESSAGE;
    if (bytes > bytes_max)
        return PL_MESSAGE_TOO_LARGE;
    inbound->message = malloc(bytes + 1);
    pl_assert(inbound->message != NULL);
    return PL_OK;
}

enum pl_status pl_inbound_feed(struct pl_inbound *inbound, const uint8_t *data, size_t bytes, size_t bytes_max,
                               size_t *ret_taken)
{
    size_t take = 0;
    size_t rest;
    enum pl_status status;

    pl_assert(!pl_inbound_is_whole(inbound));
    *ret_taken = bytes;
    if (inbound->got < PL_PREFIX_BYTES) {
        take = smaller(bytes, PL_PREFIX_BYTES - inbound->got);
        memcpy(inbound->prefix + inbound->got, data, take);
        inbound->got += (uint32_t)take;
        if (inbound->got < PL_PREFIX_BYTES)
            return PL_OK;
        status = begin_message(inbound, bytes_max);
        if (status != PL_OK)
            return status;
    }
    rest = smaller(bytes - take, PL_PREFIX_BYTES + pl_inbound_bytes(inbound) - inbound->got);
    memcpy(inbound->message + inbound->got - PL_PREFIX_BYTES, data + take, rest);
    inbound->got += (uint32_t)rest;
    *ret_taken = take + rest;
    return PL_OK;
}

void pl_inbound_reset(struct pl_inbound *inbound)
{
    free(inbound->message);
    *inbound = (struct pl_inbound){0};
}

void pl_prefix_put(uint8_t *ret_prefix, bool is_compressed, size_t bytes)
{
    ret_prefix[0] = is_compressed;
    ret_prefix[1] = (uint8_t)(bytes >> 24);
    ret_prefix[2] = (uint8_t)(bytes >> 16);
    ret_prefix[3] = (uint8_t)(bytes >> 8);
    ret_prefix[4] = (uint8_t)bytes;
}
