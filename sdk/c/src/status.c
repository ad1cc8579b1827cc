/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The public words of each status. */
#include <parley/status.h>

#include "base/status.h"

/* The numbers of the public enum are the places in the server's table. */
_Static_assert((int)PARLEY_INTERNAL == (int)PL_INTERNAL && (int)PARLEY_OK == (int)PL_OK, "status.h is stale");
_Static_assert((int)PL_STATUS_COUNT <= (int)PARLEY_UNREACHABLE, "the two ranges meet");

const char *parley_status_reason(parley_status status)
{
    switch ((int)status) {
    case PARLEY_UNREACHABLE:
        return "UNREACHABLE";
    case PARLEY_CLOSED:
        return "CLOSED";
    case PARLEY_OUTBOX_FULL:
        return "OUTBOX_FULL";
    case PARLEY_BAD_REPLY:
        return "BAD_REPLY";
    case PARLEY_TOKEN_UNAVAILABLE:
        return "TOKEN_UNAVAILABLE";
    default:
        return (unsigned)status < PL_STATUS_COUNT ? pl_status_reason((enum pl_status)status) : "UNKNOWN";
    }
}

const char *parley_status_sentence(parley_status status)
{
    switch ((int)status) {
    case PARLEY_UNREACHABLE:
        return "the server cannot be reached";
    case PARLEY_CLOSED:
        return "the stream has ended";
    case PARLEY_OUTBOX_FULL:
        return "too many messages wait for the server's answer";
    case PARLEY_BAD_REPLY:
        return "the answer cannot be understood";
    case PARLEY_TOKEN_UNAVAILABLE:
        return "the token provider gave no token";
    default:
        return (unsigned)status < PL_STATUS_COUNT ? pl_status_sentence((enum pl_status)status) : "unknown status";
    }
}
