/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The statements of delivery, answered from the fake database's arrays in PostgreSQL's binary format. */
#ifndef TESTS_UNIT_DELIVERY_FAKE_STATEMENTS_H
#define TESTS_UNIT_DELIVERY_FAKE_STATEMENTS_H

#include "unit/delivery/fake_db.h"

struct pg_result *fake_statement_run(const struct pl_db *db, enum pl_statement statement,
                                     const struct pl_params *params);

/* Whether the entry is from a time when the user was a member. */
bool fake_chat_shows(const struct fake_chat *chat, int user, int64_t seq);

#endif
