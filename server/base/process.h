/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What Linux knows of this process, under the names that Prometheus gives it in every program: process.def. */
#ifndef PL_BASE_PROCESS_H
#define PL_BASE_PROCESS_H

#include "base/buf.h"

/* When the process started, in seconds since 1970; asked once, for the answer moves with the clock. 0: not known. */
double pl_process_started_s(void);
/* Prometheus text; reads /proc, so it takes a moment. What cannot be read is left out. Any thread. */
void pl_process_format(double started_s, struct pl_buf *buf);

#endif
