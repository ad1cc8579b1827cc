/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "support/database.h"

#include <errno.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/cmocka.h"

#define COMMAND_BYTES 1024
#define DROP_TRIES_MAX 12

static struct server {
    bool started;
    const char *dev; /* the script that starts and stops it */
    char folder[128];
    char socket_folder[128];
    int lifeline; /* the reaper reads it; the end of this program closes it */
    pid_t reaper;
    unsigned databases;
} server;

/* The reaper stops the server when this program is gone, also when it was killed. It must not assert: a failed
 * assertion would go on with the tests in this second process. */
static void reap(int lifeline)
{
    char command[COMMAND_BYTES];
    char byte;
    setsid(); /* what is sent to the program's group is not for the reaper */
    while (read(lifeline, &byte, 1) < 0 && errno == EINTR)
        continue;
    snprintf(command, sizeof(command), "'%s' postgres stop '%s' >/dev/null 2>&1; rm -rf '%s'", server.dev,
             server.folder, server.folder);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static void end_server(void)
{
    close(server.lifeline);
    waitpid(server.reaper, NULL, 0);
}

static void start_reaper(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    server.reaper = fork();
    assert_true(server.reaper >= 0);
    if (server.reaper == 0) {
        close(ends[1]);
        reap(ends[0]);
    }
    close(ends[0]);
    server.lifeline = ends[1];
    atexit(end_server);
}

static void run_start(void)
{
    char command[COMMAND_BYTES];
    char line[256] = "";
    /* The server must not keep the lifeline open. Nothing waits for disks: a process that is killed loses no writes. */
    snprintf(command, sizeof(command), "'%s' postgres start '%s' fsync=off %d>&-", server.dev, server.folder,
             server.lifeline);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    char *read_line = fgets(line, sizeof(line), output);
    assert_int_equal(pclose(output), 0);
    assert_non_null(read_line);
    assert_int_equal(sscanf(line, "host=%127s", server.socket_folder), 1);
}

static void ensure_server(void)
{
    if (server.started)
        return;
    server.dev = getenv("PARLEY_DEV");
    if (server.dev == NULL)
        fail_msg("PARLEY_DEV does not name the dev script; run the tests with ctest");
    const char *temporary = getenv("TMPDIR");
    snprintf(server.folder, sizeof(server.folder), "%s/parley-test.XXXXXX", temporary == NULL ? "/tmp" : temporary);
    assert_non_null(mkdtemp(server.folder));
    start_reaper();
    run_start();
    server.started = true;
}

static PGconn *connect_to(const char *name)
{
    char conninfo[256];
    snprintf(conninfo, sizeof(conninfo), "host=%s user=parley dbname=%s", server.socket_folder, name);
    PGconn *connection = PQconnectdb(conninfo);
    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(connection));
    return connection;
}

static PGresult *run_sql(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    return result;
}

static void run_once(const char *name, const char *sql)
{
    PGconn *connection = connect_to(name);
    PQclear(run_sql(connection, sql));
    PQfinish(connection);
}

void database_create(struct database *database)
{
    char sql[128];
    ensure_server();
    snprintf(database->name, sizeof(database->name), "test_%u", ++server.databases);
    snprintf(database->conninfo, sizeof(database->conninfo), "host=%s user=parley dbname=%s", server.socket_folder,
             database->name);
    snprintf(sql, sizeof(sql), "create database %s", database->name);
    run_once("postgres", sql);
}

static bool is_in_use(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return sqlstate != NULL && strcmp(sqlstate, "55006") == 0;
}

/* The server waits five seconds for the sessions that it ends, which may take longer on a busy machine. */
void database_drop(const struct database *database)
{
    char sql[128];
    PGconn *connection = connect_to("postgres");
    snprintf(sql, sizeof(sql), "drop database %s with (force)", database->name);
    bool again = true;
    for (int tries = 0; again && tries < DROP_TRIES_MAX; tries++) {
        PGresult *result = PQexec(connection, sql);
        again = is_in_use(result);
        if (!again && PQresultStatus(result) != PGRES_COMMAND_OK)
            fail_msg("%s: %s", sql, PQerrorMessage(connection));
        PQclear(result);
    }
    PQfinish(connection);
    if (again)
        fail_msg("%s: it stays in use", sql);
}

static char *format_sql(const char *format, va_list arguments)
{
    char *sql = NULL;
    assert_true(vasprintf(&sql, format, arguments) >= 0);
    return sql;
}

void database_execute(const struct database *database, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *sql = format_sql(format, arguments);
    va_end(arguments);
    run_once(database->name, sql);
    free(sql);
}

int64_t database_number(const struct database *database, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *sql = format_sql(format, arguments);
    va_end(arguments);
    PGconn *connection = connect_to(database->name);
    PGresult *result = run_sql(connection, sql);
    assert_true(PQntuples(result) >= 1);
    int64_t number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQfinish(connection);
    free(sql);
    return number;
}

struct database_holder {
    PGconn *connection;
};

struct database_holder *database_hold(const struct database *database, const char *sql)
{
    struct database_holder *holder = calloc(1, sizeof(*holder));
    assert_non_null(holder);
    holder->connection = connect_to(database->name);
    PQclear(run_sql(holder->connection, "begin"));
    PQclear(run_sql(holder->connection, sql));
    return holder;
}

void database_let_go(struct database_holder *holder)
{
    PQclear(run_sql(holder->connection, "commit"));
    PQfinish(holder->connection);
    free(holder);
}

const char *database_server_socket_folder(void)
{
    ensure_server();
    return server.socket_folder;
}

pid_t database_server_pid(void)
{
    char path[256];
    int pid = 0;
    snprintf(path, sizeof(path), "%s/data/postmaster.pid", server.folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &pid), 1);
    fclose(file);
    return pid;
}

void database_server_kill(void)
{
    pid_t pid = database_server_pid();
    assert_int_equal(kill(pid, SIGKILL), 0);
    while (kill(pid, 0) == 0)
        usleep(1000);
}

void database_server_restart(void)
{
    run_start();
}
