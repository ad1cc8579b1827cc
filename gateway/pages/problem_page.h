/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to gateway/pages: the pages of errors, HTML made of api/status.def. */
#ifndef PL_GATEWAY_PAGES_PROBLEM_PAGE_H
#define PL_GATEWAY_PAGES_PROBLEM_PAGE_H

#include "base/buf.h"
#include "base/status.h"

/* One error: what it means, and what to do about it. */
void pl_problem_page_write(struct pl_buf *buf, enum pl_status status);
/* All of them, with links. */
void pl_problem_list_write(struct pl_buf *buf);

#endif
