/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How a failure becomes a parley_error. Pure; any thread. */
#ifndef PL_SDK_ERROR_H
#define PL_SDK_ERROR_H

#include <parley/types.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"

/* What a call or a stream ended with, as gRPC tells it. */
struct pl_error_source {
    int grpc_code;
    const char *sentence; /* grpc-message; may be empty */
    const void *details;  /* grpc-status-details-bin: a packed google.rpc.Status */
    size_t details_bytes;
};

/* All that a failed call says. What it points at is in the arena that it was read into, or static. */
struct pl_failure {
    parley_status status;
    bool unsent;        /* the request cannot have reached the server */
    const char *reason; /* the server's word, also when the library does not know it */
    const char *domain; /* who gives the reason its meaning; "" when it arose here */
    const char *sentence;
    const parley_metadata *metadata; /* of google.rpc.ErrorInfo */
    unsigned metadata_count;
    int retry_after_ms; /* 0: not said */
};

/* A failure that arose here. NULL format: the status' own sentence. Answers status; ret_error may be NULL. */
parley_status pl_error_set(parley_error *ret_error, parley_status status, const char *format, ...) PL_PRINTF(3, 4);
/* A failure that the server, or gRPC underneath, reports. */
void pl_failure_from_grpc(const struct pl_error_source *source, struct pl_arena *arena, struct pl_failure *ret_failure);
/* What an application sees of it. */
void pl_error_from_failure(parley_error *ret_error, const struct pl_failure *failure);
/* Both. ret_error is not NULL. */
void pl_error_from_grpc(parley_error *ret_error, const struct pl_error_source *source);
/* The same from the parts of a Failed. */
void pl_error_from_reason(parley_error *ret_error, int grpc_code, const char *reason, const char *sentence);
/* Copies when ret_error is not NULL; answers the status. */
parley_status pl_error_give(parley_error *ret_error, const parley_error *error);
/* The same request may succeed later without any change. */
bool pl_error_is_passing(const parley_error *error);
/* A stream that ended so is not to be opened again with the same credentials. */
bool pl_error_is_final(const parley_error *error);

#endif
