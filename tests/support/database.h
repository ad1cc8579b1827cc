/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A private PostgreSQL for a test program: one server, started on first use in a folder of its own
 * below TMPDIR by `dev postgres start`, and stopped when the program ends, however it ends. Each
 * test takes a fresh database of it. Failures end the test. One thread.
 */
#ifndef TESTS_SUPPORT_DATABASE_H
#define TESTS_SUPPORT_DATABASE_H

#include <stdint.h>
#include <sys/types.h>

struct database {
    char name[32];
    char conninfo[256];
};

/* Makes an empty database. */
void database_create(struct database *database);
/* Drops it, and ends who is still connected to it. */
void database_drop(const struct database *database);

/* Runs SQL text on a connection of its own. */
void database_execute(const struct database *database, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The first column of the first row as a number. */
int64_t database_number(const struct database *database, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A transaction that runs this SQL and stays open, with the locks it took, until it is let go (committed). */
struct database_holder;
struct database_holder *database_hold(const struct database *database, const char *sql);
void database_let_go(struct database_holder *holder);

/* The folder of the server's unix socket, whose port is 5432. */
const char *database_server_socket_folder(void);
/* The postmaster's pid. */
pid_t database_server_pid(void);
/* kill -9 of the postmaster; returns when it is gone. */
void database_server_kill(void);
/* Starts it again; returns when it answers. */
void database_server_restart(void);

#endif
