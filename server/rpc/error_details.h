/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to server/rpc: an error as callers get it: code and sentence, and google.rpc.Status with ErrorInfo (reason,
 * domain "parley", metadata) and RetryInfo in the trailer grpc-status-details-bin. All of it stays below the 8 KiB of
 * metadata that clients accept by default.
 */
#ifndef PL_RPC_ERROR_DETAILS_H
#define PL_RPC_ERROR_DETAILS_H

#include <stddef.h>
#include <stdint.h>

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

/* What is wrong, for people. */
const char *pl_error_sentence(enum pl_status status, const struct pl_error *error);
/* google.rpc.Status of an error, in the arena. */
const uint8_t *pl_error_pack(enum pl_status status, const struct pl_error *error, struct pl_arena *arena,
                             size_t *ret_bytes);
/* Cuts text that a limit may have cut in the middle of a character back to valid UTF-8. */
void pl_error_trim(char *text);

#endif
