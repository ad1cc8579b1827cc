/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One row for each option yields its parser, its bounds and its line of help. */
#include "bench/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/body.h"

struct row {
    const char *name;
    size_t offset;
    bool is_text;
    int min, max;
    const char *help;
};

#define TEXT(name_, field, help_)                                                                                      \
    {                                                                                                                  \
        name_, offsetof(struct bench_options, field), true, 0, 0, help_                                                \
    }
#define INT(name_, field, min_, max_, help_)                                                                           \
    {                                                                                                                  \
        name_, offsetof(struct bench_options, field), false, min_, max_, help_                                         \
    }

static const struct row rows[] = {
    TEXT("endpoint", endpoint, "of the server: host:port or unix:/path"),
    TEXT("database", database, "conninfo of the server's database"),
    TEXT("operator-key-file", operator_key_file, "as the server's"),
    TEXT("fsync-dir", fsync_dir, "folder in PostgreSQL's file system where fsync is sampled"),
    TEXT("json", json_file, "file for the results"),
    TEXT("commit", commit, "of the server, for the report"),
    TEXT("server-program", server_program, "reconnect: a parleyd, to be run with the settings in the environment"),
    TEXT("server-log", server_log, "reconnect: file for the server's output"),
    TEXT("gateway", gateway, "idle: the streams are WebSockets of the gateway there (tests/bench/run: --websocket)"),
    INT("gateway-pid", gateway_pid, 1, INT_MAX, "process of the gateway"),
    INT("server-pid", server_pid, 1, INT_MAX, "process of the server"),
    INT("pairs", pairs, 1, 100000, "pairs of a sender and a receiver"),
    INT("window", window, 1, 256, "messages in flight of each pair"),
    INT("body", body_bytes, BENCH_BODY_BYTES_MIN, 65536, "bytes of each message"),
    INT("rate", rate, 1, 1000000,
        "open, groups, sweep, noisy: messages/s over all pairs or groups (groups: 400, sweep, noisy: 1000)"),
    INT("warmup", warmup_s, 0, 3600, "seconds before the first window"),
    INT("seconds", measure_s, 1, 86400, "seconds of each window"),
    INT("windows", windows, 1, 100, "measured windows; the median is reported (sweep, noisy: as many of each)"),
    INT("rows", rows, 0, 1000000000, "messages that the database is filled with beforehand"),
    INT("threads", threads, 1, 16, "threads of the generator"),
    INT("streams-per-connection", streams_per_connection, 1, 1000, "streams that share a connection (16; groups: 64)"),
    INT("streams", streams, 1, 1000000, "idle, reconnect: streams"),
    INT("chats", chats, 0, 1000, "idle, reconnect, drain: chats of each stream's user"),
    INT("messages", messages, 1, 1000000, "drain: that wait for the device; each of the windows is a round"),
    INT("swept", swept, 1, 100000000, "sweep: messages that are over before; more than can be swept in the windows"),
    INT("groups", groups, 1, 10000, "groups: how many"),
    INT("members", members, 3, 1024, "groups: members of each, all online, of whom one sends"),
    INT("large-members", large_members, 3, 1024, "groups, noisy: members of the large group"),
    INT("large-rate", large_rate, 1, 1000, "groups, noisy: messages/s into it"),
    INT("checkpoint", checkpoint_wanted, 0, 1, "1: a checkpoint is forced in the middle of each window"),
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char *const modes[] = {"pairs",  "open",  "idle",  "prefill", "reconnect",
                                    "groups", "drain", "sweep", "noisy"};

static void print_help(FILE *file)
{
    fprintf(file, "usage: parley-bench pairs|open|idle|prefill|reconnect|groups|drain|sweep|noisy --OPTION VALUE...\n");
    for (size_t i = 0; i < ROWS; i++)
        fprintf(file, "  --%-24s %s\n", rows[i].name, rows[i].help);
}

static void refuse(const char *what, const char *value)
{
    fprintf(stderr, "parley-bench: %s: %s\n", what, value);
    exit(2);
}

static void store(struct bench_options *options, const struct row *row, char *value)
{
    char *field = (char *)options + row->offset;
    if (row->is_text) {
        memcpy(field, &value, sizeof(value));
        return;
    }
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (errno != 0 || *end != '\0' || end == value || number < row->min || number > row->max)
        refuse(row->name, value);
    int small = (int)number;
    memcpy(field, &small, sizeof(small));
}

static enum bench_mode read_mode(const char *name)
{
    for (int i = 0; i < (int)(sizeof(modes) / sizeof(modes[0])); i++)
        if (strcmp(name, modes[i]) == 0)
            return (enum bench_mode)i;
    bool is_asked = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;
    print_help(is_asked ? stdout : stderr);
    exit(is_asked ? 0 : 2);
}

static void require(const struct bench_options *options)
{
    if (options->database == NULL)
        refuse("missing", "--database");
    if (options->mode == BENCH_PREFILL)
        return;
    bool has_server = options->mode == BENCH_RECONNECT ? options->server_program != NULL && options->server_log != NULL
                                                       : options->server_pid != 0;
    if (options->endpoint == NULL || options->operator_key_file == NULL || !has_server)
        refuse("missing",
               "--endpoint, --operator-key-file, --server-pid or (reconnect) --server-program and --server-log");
    if (options->mode == BENCH_OPEN && options->rate == 0)
        refuse("missing", "--rate");
}

/* What depends on the mode. */
static void fill_in(struct bench_options *options)
{
    bool is_groups = options->mode == BENCH_GROUPS;
    if (options->rate == 0 && is_groups)
        options->rate = 400;
    if (options->rate == 0 && (options->mode == BENCH_SWEEP || options->mode == BENCH_NOISY))
        options->rate = 1000;
    if (options->streams_per_connection == 0)
        options->streams_per_connection = is_groups ? 64 : 16;
}

const char *bench_mode_name(enum bench_mode mode)
{
    return modes[mode];
}

bool bench_is_open_loop(const struct bench_options *options)
{
    return options->rate > 0 && options->mode != BENCH_PAIRS;
}

void bench_options_read(int argc, char **argv, struct bench_options *ret_options)
{
    *ret_options = (struct bench_options){.commit = "unknown",
                                          .pairs = 100,
                                          .window = 10,
                                          .body_bytes = 100,
                                          .warmup_s = 3,
                                          .measure_s = 10,
                                          .windows = 3,
                                          .threads = 1,
                                          .streams = 10000,
                                          .chats = 50,
                                          .messages = 10000,
                                          .swept = 400000,
                                          .groups = 40,
                                          .members = 256,
                                          .large_members = 1024,
                                          .large_rate = 20,
                                          .checkpoint_wanted = 1};
    struct option table[ROWS + 1];
    memset(table, 0, sizeof(table));
    for (size_t i = 0; i < ROWS; i++)
        table[i] = (struct option){.name = rows[i].name, .has_arg = required_argument};
    ret_options->mode = read_mode(argc > 1 ? argv[1] : "");
    optind = 2;
    int index = 0;
    for (int got; (got = getopt_long(argc, argv, "", table, &index)) != -1;) {
        if (got != 0)
            exit(2);
        store(ret_options, &rows[index], optarg);
    }
    if (optind < argc)
        refuse("unexpected", argv[optind]);
    fill_in(ret_options);
    require(ret_options);
}
