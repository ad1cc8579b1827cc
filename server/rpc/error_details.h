/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to server/rpc: an error as callers get it: code and sentence, and google.rpc.Status with ErrorInfo (reason,
 * domain "parley", metadata) and RetryInfo in the trailer grpc-status-details-bin. All of it stays below the 8 KiB of
 * metadata that clients accept by default.
 */
#ifndef PL_RPC_ERROR_DETAILS_H
#define PL_RPC_ERROR_DETAILS_H

#include <grpc/grpc.h>

#include "base/arena.h"
#include "base/status.h"

enum { PL_ERROR_DETAILS_MAX = 8, PL_ERROR_SENTENCE_BYTES_MAX = 512, PL_ERROR_VALUE_BYTES_MAX = 200 };

struct pl_error {
    const char *sentence; /* NULL: the default of the status */
    const char *keys[PL_ERROR_DETAILS_MAX];
    const char *values[PL_ERROR_DETAILS_MAX];
    unsigned count;
    int retry_after_ms; /* 0: no RetryInfo */
};

/* The status operation of a batch, with what it points at; free with fini once the batch was started. */
struct pl_status_op {
    grpc_slice sentence;
    grpc_metadata trailer;
};

/* PL_OK makes a status without sentence and trailer. Uses the arena for scratch. */
void pl_status_op_init(struct pl_status_op *op, enum pl_status status, const struct pl_error *error,
                       struct pl_arena *arena, grpc_op *ret_op);
void pl_status_op_fini(struct pl_status_op *op);
/* Cuts text that a limit may have cut in the middle of a character back to valid UTF-8. */
void pl_error_trim(char *text);

#endif
