/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The bench's own look at the server's PostgreSQL: processes, WAL, checkpoints. Blocking; one thread for each. */
#ifndef PL_TESTS_BENCH_DATABASE_H
#define PL_TESTS_BENCH_DATABASE_H

#include <libpq-fe.h>
#include <stdint.h>
#include <sys/types.h>

PGconn *bench_database_open(const char *conninfo);
/* Runs one command; its first value as a number, 0 when there is none. A failure ends the run. */
int64_t bench_database_run(PGconn *database, const char *sql);
/* As above with text parameters. */
int64_t bench_database_run_with(PGconn *database, const char *sql, int count, const char *const *parameters);
/* Bytes of WAL written since the cluster was made. */
int64_t bench_database_wal_bytes(PGconn *database);
/* The postmaster, found through its child that serves us; 0 when it is not on this machine. */
pid_t bench_database_postmaster(PGconn *database);

#endif
