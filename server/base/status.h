/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The one error table, api/status.def, in C. Every fallible function returns enum pl_status and
 * must be checked. A caller's mistake is a status, a failing environment is a status and a counter,
 * our own bug is pl_assert.
 */
#ifndef PL_BASE_STATUS_H
#define PL_BASE_STATUS_H

#include <stdnoreturn.h>

enum pl_status {
#define PL_STATUS(name, grpc_code, http_status, reason, sentence, cure) PL_##name,
#include "status.def"
#undef PL_STATUS
    PL_STATUS_COUNT
};

#define PL_MUST_CHECK __attribute__((warn_unused_result))
#define PL_PRINTF(format_, first_) __attribute__((__format__(__printf__, format_, first_)))

/* google.rpc.Code, 0 to 16. */
int pl_status_grpc_code(enum pl_status status);
/* HTTP status, 200 to 504. */
int pl_status_http(enum pl_status status);
/* Stable upper-case reason, static. */
const char *pl_status_reason(enum pl_status status);
/* Default sentence for people, static. */
const char *pl_status_sentence(enum pl_status status);
/* What the caller does about it: full sentences, static. */
const char *pl_status_cure(enum pl_status status);

/* Always on. Never used on bytes from outside. */
#define pl_assert(condition) ((condition) ? (void)0 : pl_assert_failed(#condition, __FILE__, __LINE__))
noreturn void pl_assert_failed(const char *condition, const char *file, int line);

#define pl_container_of(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
