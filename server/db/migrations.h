/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The embedded SQL files. */
#ifndef PL_DB_MIGRATIONS_H
#define PL_DB_MIGRATIONS_H

struct pl_migration {
    int version;
    const char *name;
    const char *sql;
};

/* Ends with an entry whose sql is NULL. */
extern const struct pl_migration pl_migrations[];

#endif
