/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What a run is to do, from the command line. */
#ifndef PL_TESTS_BENCH_OPTIONS_H
#define PL_TESTS_BENCH_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>

enum bench_mode {
    BENCH_PAIRS,     /* closed loop: each pair keeps its window full */
    BENCH_OPEN,      /* open loop: messages are due at a fixed rate, whatever the server does */
    BENCH_IDLE,      /* streams that do nothing */
    BENCH_PREFILL,   /* only fill the database */
    BENCH_RECONNECT, /* streams that come back after the server was killed */
    BENCH_GROUPS,    /* open loop into groups, then into one large group */
    BENCH_DRAIN,     /* a device that comes back to many messages */
    BENCH_SWEEP,     /* open loop, without and with the sweeper at work */
    BENCH_NOISY      /* open loop, without and with a busy group beside */
};

struct bench_options {
    enum bench_mode mode;
    const char *endpoint;          /* host:port or unix:/path */
    const char *database;          /* conninfo of the server's database */
    const char *operator_key_file; /* as the server's */
    const char *fsync_dir;         /* where to sample fsync: in PostgreSQL's file system */
    const char *json_file;         /* NULL: none */
    const char *commit;            /* of the server under test, for the report */
    const char *server_program;    /* reconnect: what the bench runs, with its own environment */
    const char *server_log;        /* reconnect: its output is added there */
    const char *gateway;           /* idle: its address, and the streams are WebSockets; NULL: they are not */
    pid_t server_pid;
    pid_t gateway_pid;
    int pairs;
    int window; /* messages in flight of each pair; in an open loop the bound of it */
    int body_bytes;
    int rate; /* open loop: messages/s over all chats */
    int warmup_s;
    int measure_s;
    int windows; /* measured windows, one after the other */
    int rows;    /* messages that the database is filled with */
    int threads;
    int streams_per_connection;
    int streams;  /* idle, reconnect */
    int chats;    /* idle, reconnect, drain: chats of each stream's user */
    int messages; /* drain: in all chats together */
    int swept;    /* sweep: what there is to sweep, in all chats together */
    int groups;
    int members; /* of each group */
    int large_members;
    int large_rate; /* messages/s into the large group */
    int checkpoint_wanted;
};

const char *bench_mode_name(enum bench_mode mode);
/* Messages are due when it is time, and not when others are done. */
bool bench_is_open_loop(const struct bench_options *options);

/* The first argument is the mode. A mistake is said on stderr and ends the process with 2. */
void bench_options_read(int argc, char **argv, struct bench_options *ret_options);

#endif
