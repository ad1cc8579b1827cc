/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The columns of api/status.def as tables, and the end of the process when an assertion fails. The failed condition is
 * logged as one line, then abort() leaves a core.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/status.h"

struct status_row {
    int grpc_code;
    int http_status;
    const char *reason;
    const char *sentence;
    const char *cure;
};

static const struct status_row status_rows[PL_STATUS_COUNT] = {
#define PL_STATUS(name, grpc_code, http_status, reason, sentence, cure)                                                \
    {grpc_code, http_status, reason, sentence, cure},
#include "status.def"
#undef PL_STATUS
};

static const struct status_row *row_of(enum pl_status status)
{
    pl_assert((unsigned)status < PL_STATUS_COUNT);
    return &status_rows[status];
}

int pl_status_grpc_code(enum pl_status status)
{
    return row_of(status)->grpc_code;
}

int pl_status_http(enum pl_status status)
{
    return row_of(status)->http_status;
}

const char *pl_status_reason(enum pl_status status)
{
    return row_of(status)->reason;
}

const char *pl_status_sentence(enum pl_status status)
{
    return row_of(status)->sentence;
}

const char *pl_status_cure(enum pl_status status)
{
    return row_of(status)->cure;
}

noreturn void pl_assert_failed(const char *condition, const char *file, int line)
{
    pl_log(PL_LOG_ERROR, "assertion_failed", PL_LOG_TEXT("condition", condition), PL_LOG_TEXT("file", file),
           PL_LOG_NUMBER("line", line));
    abort();
}
