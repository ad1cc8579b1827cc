/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Bringing a database's schema to what this binary was built for, and refusing any other. */
#ifndef PL_DB_MIGRATE_H
#define PL_DB_MIGRATE_H

#include "db/conn.h"
#include "db/migrations.h"

/*
 * conn: of kind PL_CONN_PLAIN. migrations: ends with sql NULL. With config->migrate, what is missing is applied, each
 * in one transaction, under an advisory lock; otherwise a missing one is PL_FAILED_PRECONDITION, as are a newer
 * database and a migration that was changed after it was applied. A migration waits lock_timeout_ms for a table
 * (everybody else who wants it waits behind), and 30 times that for another who migrates; then PL_DATABASE_UNAVAILABLE.
 * The sentence is in error.
 */
enum pl_status pl_migrate(struct pl_conn *conn, const struct pl_migration *migrations, const struct pl_config *config,
                          char *error, unsigned error_bytes) PL_MUST_CHECK;

#endif
