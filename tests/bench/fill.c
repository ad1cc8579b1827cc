/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/fill.h"

#include <string.h>

#include "bench/body.h"
#include "bench/crew.h"
#include "bench/database.h"
#include "bench/fail.h"
#include "bench/rpc.h"
#include "parley/v1/message_service.pb-c.h"

#define CALL_MESSAGES_MAX 100

static void send_messages(grpc_channel *channel, const struct bench_user *user,
                          Parley__V1__SendMessagesRequest *request, struct pl_arena *arena)
{
    struct bench_credential credential = {"authorization", user->bearer};
    const Parley__V1__SendMessagesResponse *response = (Parley__V1__SendMessagesResponse *)bench_rpc_call(
        channel, "/parley.v1.MessageService/SendMessages", &credential, &request->base,
        &parley__v1__send_messages_response__descriptor, arena);
    for (size_t i = 0; i < response->n_results; i++)
        if (response->results[i]->result_case != PARLEY__V1__SEND_RESULT__RESULT_MESSAGE)
            bench_fail("a message in a chat was refused");
    request->n_messages = 0;
}

/* ---- a star ---- */

struct filling {
    const struct bench_log *logs;
    int messages; /* for each */
};

static Parley__V1__SendMessageRequest *new_message(const struct bench_crew *crew, unsigned index, int number,
                                                   struct pl_arena *arena)
{
    const struct filling *filling = crew->work;
    size_t bytes = (size_t)crew->options->body_bytes;
    Parley__V1__SendMessageRequest *message = pl_arena_new(arena, Parley__V1__SendMessageRequest);
    parley__v1__send_message_request__init(message);
    message->chat_id = pl_arena_alloc(arena, PL_UUID_TEXT_CHARS + 1);
    pl_uuid_format(&filling->logs[index].chat_id.uuid, message->chat_id);
    message->body_case = PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_ENCRYPTED_CONTENT;
    message->encrypted_content.data = pl_arena_alloc(arena, bytes);
    message->encrypted_content.len = bytes;
    bench_body_make(index, (uint64_t)number, message->encrypted_content.data, bytes);
    return message;
}

static void fill_chat(const struct bench_crew *crew, grpc_channel *channel, unsigned index, struct pl_arena *arena)
{
    const struct filling *filling = crew->work;
    Parley__V1__SendMessageRequest *list[CALL_MESSAGES_MAX];
    Parley__V1__SendMessagesRequest request = PARLEY__V1__SEND_MESSAGES_REQUEST__INIT;
    request.messages = list;
    for (int number = 1; number <= filling->messages; number++) {
        list[request.n_messages++] = new_message(crew, index, number, arena);
        if (request.n_messages == CALL_MESSAGES_MAX || number == filling->messages)
            send_messages(channel, &crew->app->users[index + 1], &request, arena);
    }
}

void bench_fill_star(const struct bench_app *app, const struct bench_options *options, const struct bench_log *logs,
                     int messages_of_each)
{
    struct filling filling = {logs, messages_of_each};
    struct bench_crew crew = {
        .options = options, .app = app, .step = fill_chat, .work = &filling, .count = app->user_count - 1};
    bench_crew_run(&crew);
}

/* ---- one in each chat ---- */

/* Of the chats, by their lower user. */
enum { COLUMN_USER, COLUMN_CHAT };

/* The first row of the user; or where it would be. */
static int first_row(const PGresult *rows, const char *user)
{
    int low = 0;
    int high = PQntuples(rows);
    while (low < high) {
        int middle = (low + high) / 2;
        if (strcmp(PQgetvalue(rows, middle, COLUMN_USER), user) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void say_in_chats(const struct bench_crew *crew, grpc_channel *channel, unsigned index, struct pl_arena *arena)
{
    const PGresult *rows = crew->work;
    char user[PL_UUID_TEXT_CHARS + 1];
    Parley__V1__SendMessageRequest messages[CALL_MESSAGES_MAX];
    Parley__V1__SendMessageRequest *list[CALL_MESSAGES_MAX];
    Parley__V1__SendMessagesRequest request = PARLEY__V1__SEND_MESSAGES_REQUEST__INIT;
    pl_uuid_format(&crew->app->users[index].user_id.uuid, user);
    request.messages = list;
    for (int row = first_row(rows, user); row < PQntuples(rows); row++) {
        if (strcmp(PQgetvalue(rows, row, COLUMN_USER), user) != 0)
            break;
        Parley__V1__SendMessageRequest *message = &messages[request.n_messages];
        parley__v1__send_message_request__init(message);
        message->chat_id = PQgetvalue(rows, row, COLUMN_CHAT);
        message->body_case = PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_CONTENT;
        message->content = (char *)"still there?";
        list[request.n_messages++] = message;
        if (request.n_messages == CALL_MESSAGES_MAX)
            send_messages(channel, &crew->app->users[index], &request, arena);
    }
    if (request.n_messages > 0)
        send_messages(channel, &crew->app->users[index], &request, arena);
}

uint64_t bench_fill_chats(const struct bench_app *app, const struct bench_options *options)
{
    PGconn *database = bench_database_open(options->database);
    char app_id[PL_UUID_TEXT_CHARS + 1];
    pl_uuid_format(&app->app_id.uuid, app_id);
    const char *parameters[] = {app_id};
    PGresult *rows = PQexecParams(
        database, "select user_low, chat_id from chats where app_id = $1::uuid and chat_type = 1 order by user_low", 1,
        NULL, parameters, NULL, NULL, 0);
    uint64_t count = (uint64_t)PQntuples(rows);
    struct bench_crew crew = {
        .options = options, .app = app, .step = say_in_chats, .work = rows, .count = app->user_count};
    bench_crew_run(&crew);
    PQclear(rows);
    PQfinish(database);
    return count;
}
