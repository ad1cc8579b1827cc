/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * One device in many chats, each with as many messages that it has not seen. It connects, takes everything up to
 * caught_up, and goes; as it acknowledges nothing, the next round is the same. Each message must come once, in the
 * order of its chat, unchanged, and before caught_up; nothing may come behind it.
 */
#include "bench/drain.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bench/body.h"
#include "bench/fail.h"
#include "bench/fill.h"
#include "bench/report.h"
#include "bench/setup.h"
#include "bench/stream.h"
#include "bench/window.h"

#define ROUND_US 30000000
#define SILENCE_US 100000 /* after caught_up */

struct chat {
    char chat_text[PL_UUID_TEXT_CHARS + 1];
    uint32_t index; /* of its sender: in bodies */
    int64_t last_seq;
};

struct drain {
    struct bench_stream stream;
    const struct bench_options *options;
    struct chat *chats; /* by chat_text */
    struct pl_arena arena;
    int64_t begun_us;
    int64_t received;
    struct bench_drain_round round;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct chat *)a)->chat_text, ((const struct chat *)b)->chat_text);
}

static void take_entry(struct drain *drain, const Parley__V1__Message *entry)
{
    if (entry->kind == PARLEY__V1__ENTRY_KIND__ENTRY_KIND_ACCOUNT)
        return;
    struct chat wanted = {.last_seq = 0};
    strncpy(wanted.chat_text, entry->chat_id, sizeof(wanted.chat_text) - 1);
    struct chat *chat = bsearch(&wanted, drain->chats, (size_t)drain->options->chats, sizeof(wanted), by_text);
    if (chat == NULL || entry->seq != chat->last_seq + 1)
        bench_violation("chat %s: seq %lld came after %lld", entry->chat_id, (long long)entry->seq,
                        chat == NULL ? -1 : (long long)chat->last_seq);
    uint32_t sender;
    uint64_t number;
    if (entry->body_case != PARLEY__V1__MESSAGE__BODY_ENCRYPTED_CONTENT ||
        !bench_body_read(entry->encrypted_content.data, entry->encrypted_content.len, &sender, &number) ||
        sender != chat->index || number != (uint64_t)entry->seq)
        bench_violation("chat %s: the body of seq %lld is not what was sent", entry->chat_id, (long long)entry->seq);
    chat->last_seq = entry->seq;
    if (drain->received++ == 0)
        drain->round.first_us = pl_clock_now_us() - drain->begun_us;
}

static int64_t expected(const struct bench_options *options)
{
    return (int64_t)(options->messages / options->chats) * options->chats;
}

static void received(struct bench_stream *stream, const Parley__V1__ServerFrame *frame)
{
    struct drain *drain = pl_container_of(stream, struct drain, stream);
    if (drain->round.all_us != 0 && (frame->n_entries > 0 || frame->caught_up))
        bench_violation("something came behind caught_up");
    for (size_t i = 0; i < frame->n_entries; i++)
        take_entry(drain, frame->entries[i]);
    if (!frame->caught_up)
        return;
    drain->round.all_us = pl_clock_now_us() - drain->begun_us;
    if (drain->received != expected(drain->options))
        bench_violation("caught_up came with %lld of %lld messages", (long long)drain->received,
                        (long long)expected(drain->options));
}

static void say_hello(struct drain *drain)
{
    Parley__V1__Hello hello = PARLEY__V1__HELLO__INIT;
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    hello.protocol_version = 1;
    hello.client = (char *)"parley-bench";
    frame.hello = &hello;
    bench_stream_write(&drain->stream, &frame);
}

static void turn(struct bench_poll *poll, int64_t until_us)
{
    int64_t left_us = until_us - pl_clock_now_us();
    bench_poll_flush(poll);
    bench_poll_wait(poll, left_us > 0 ? left_us : 0);
}

static struct bench_drain_round run_round(struct drain *drain, const char *bearer, struct bench_connection *connection)
{
    struct bench_stream_site site = {connection, &drain->arena, bearer, received};
    drain->round = (struct bench_drain_round){0};
    drain->received = 0;
    for (int i = 0; i < drain->options->chats; i++)
        drain->chats[i].last_seq = 0;
    drain->begun_us = pl_clock_now_us();
    bench_stream_open(&drain->stream, &site);
    say_hello(drain);
    while (drain->round.all_us == 0) {
        if (pl_clock_now_us() > drain->begun_us + ROUND_US)
            bench_violation("caught_up did not come: %lld messages did", (long long)drain->received);
        turn(connection->poll, drain->begun_us + ROUND_US);
    }
    for (int64_t until_us = pl_clock_now_us() + SILENCE_US; pl_clock_now_us() < until_us;)
        turn(connection->poll, until_us);
    bench_stream_close(&drain->stream);
    bench_poll_flush(connection->poll);
    return drain->round;
}

static struct chat *make_chats(const struct bench_options *options, const struct bench_app *app)
{
    struct bench_log *logs = calloc((size_t)options->chats, sizeof(*logs));
    struct chat *chats = calloc((size_t)options->chats, sizeof(*chats));
    pl_assert(logs != NULL && chats != NULL);
    bench_app_create_star(app, options, logs);
    bench_fill_star(app, options, logs, options->messages / options->chats);
    for (int i = 0; i < options->chats; i++) {
        pl_uuid_format(&logs[i].chat_id.uuid, chats[i].chat_text);
        chats[i].index = (uint32_t)i;
    }
    qsort(chats, (size_t)options->chats, sizeof(*chats), by_text);
    free(logs);
    return chats;
}

void bench_drain_run(const struct bench_options *options)
{
    struct bench_app app;
    struct bench_window window = {0};
    struct bench_meter meter;
    struct bench_drain_round *rounds = calloc((size_t)options->windows, sizeof(*rounds));
    pl_assert(rounds != NULL);
    if (options->chats < 1 || options->messages < options->chats)
        bench_fail("each chat needs a message");
    bench_app_create(options, (unsigned)options->chats + 1, &app);
    struct drain drain = {.options = options, .chats = make_chats(options, &app)};
    pl_arena_init(&drain.arena, SIZE_MAX);
    struct bench_poll poll;
    struct bench_connection connection;
    bench_poll_open(&poll);
    bench_connection_open(&connection, &poll, options->endpoint);
    run_round(&drain, app.users[0].bearer, &connection); /* fills caches */
    bench_meter_open(options, &meter);
    bench_meter_begin(&meter);
    for (int i = 0; i < options->windows; i++)
        rounds[i] = run_round(&drain, app.users[0].bearer, &connection);
    bench_meter_end(&meter, &window);
    bench_meter_close(&meter);
    bench_connection_close(&connection);
    bench_poll_close(&poll);
    bench_report_drain(options, rounds, &window);
    pl_arena_fini(&drain.arena);
    bench_app_destroy(&app);
    free(drain.chats);
    free(rounds);
}
