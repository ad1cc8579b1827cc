/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/database.h"

#include <stdlib.h>

#include "bench/fail.h"
#include "bench/processes.h"

PGconn *bench_database_open(const char *conninfo)
{
    PGconn *database = PQconnectdb(conninfo);
    if (PQstatus(database) != CONNECTION_OK)
        bench_fail("%s", PQerrorMessage(database));
    return database;
}

int64_t bench_database_run_with(PGconn *database, const char *sql, int count, const char *const *parameters)
{
    PGresult *result = PQexecParams(database, sql, count, NULL, parameters, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        bench_fail("%s: %s", sql, PQerrorMessage(database));
    int64_t number = PQntuples(result) > 0 ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
    PQclear(result);
    return number;
}

int64_t bench_database_run(PGconn *database, const char *sql)
{
    return bench_database_run_with(database, sql, 0, NULL);
}

int64_t bench_database_wal_bytes(PGconn *database)
{
    return bench_database_run(database, "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint");
}

pid_t bench_database_postmaster(PGconn *database)
{
    return bench_process_parent(PQbackendPID(database));
}
