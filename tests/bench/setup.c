/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/setup.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "bench/body.h"
#include "bench/database.h"
#include "bench/fail.h"
#include "bench/rpc.h"
#include "parley/v1/admin_service.pb-c.h"
#include "parley/v1/chat_service.pb-c.h"
#include "parley/v1/message_service.pb-c.h"
#include "parley/v1/user_service.pb-c.h"

#define THREADS 16 /* calls at work at a time, so that commits are shared */

static struct pl_uuid parse(const char *text)
{
    struct pl_uuid uuid;
    if (pl_uuid_parse(text, &uuid) != PL_OK)
        bench_fail("the server answered with an id that is no UUID");
    return uuid;
}

static char *join(const char *prefix, const char *text)
{
    char *joined = NULL;
    pl_assert(asprintf(&joined, "%s%s", prefix, text) >= 0);
    return joined;
}

static char *read_operator_key(const char *path)
{
    char key[256] = "";
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(key, sizeof(key), file) == NULL)
        bench_fail("%s cannot be read", path);
    fclose(file);
    key[strcspn(key, "\r\n")] = '\0';
    return strdup(key);
}

/* ---- many calls at a time ---- */

struct crew {
    const struct bench_options *options;
    const struct bench_app *app;
    void (*step)(struct crew *crew, grpc_channel *channel, unsigned index, struct pl_arena *arena);
    atomic_uint next;
    unsigned count;
    unsigned member_count; /* of each chat */
    bool is_star;          /* each chat is one of the first user */
    int messages;          /* of each chat */
    struct bench_log *logs;
    const PGresult *rows; /* of chats, by their lower user */
};

static void *run_crew_member(void *argument)
{
    struct crew *crew = argument;
    grpc_channel *channel = bench_channel_open(crew->options->endpoint);
    struct pl_arena arena;
    pl_arena_init(&arena, SIZE_MAX);
    for (unsigned index; (index = atomic_fetch_add(&crew->next, 1)) < crew->count;) {
        crew->step(crew, channel, index, &arena);
        pl_arena_reset(&arena);
    }
    pl_arena_fini(&arena);
    grpc_channel_destroy(channel);
    return NULL;
}

static void run_crew(struct crew *crew)
{
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        pl_assert(pthread_create(&threads[i], NULL, run_crew_member, crew) == 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- the app ---- */

static void create_app(const struct bench_options *options, struct bench_app *app, grpc_channel *channel,
                       struct pl_arena *arena)
{
    char *operator_key = read_operator_key(options->operator_key_file);
    struct bench_credential credential = {"x-api-key", operator_key};
    Parley__V1__CreateAppRequest request = PARLEY__V1__CREATE_APP_REQUEST__INIT;
    request.name = (char *)"bench";
    const Parley__V1__App *created = (Parley__V1__App *)bench_rpc_call(
        channel, "/parley.v1.AdminService/CreateApp", &credential, &request.base, &parley__v1__app__descriptor, arena);
    app->app_id.uuid = parse(created->app_id);
    Parley__V1__CreateApiKeyRequest key_request = PARLEY__V1__CREATE_API_KEY_REQUEST__INIT;
    key_request.app_id = created->app_id;
    key_request.name = (char *)"bench";
    const Parley__V1__CreateApiKeyResponse *key = (Parley__V1__CreateApiKeyResponse *)bench_rpc_call(
        channel, "/parley.v1.AdminService/CreateApiKey", &credential, &key_request.base,
        &parley__v1__create_api_key_response__descriptor, arena);
    app->api_key = strdup(key->secret);
    free(operator_key);
}

static void create_user(struct crew *crew, grpc_channel *channel, unsigned index, struct pl_arena *arena)
{
    struct bench_credential credential = {"x-api-key", crew->app->api_key};
    struct bench_user *user = &crew->app->users[index];
    Parley__V1__CreateUserRequest request = PARLEY__V1__CREATE_USER_REQUEST__INIT;
    request.username = pl_arena_printf(arena, "bench-%u", index);
    request.display_name = request.username;
    const Parley__V1__User *created = (Parley__V1__User *)bench_rpc_call(
        channel, "/parley.v1.UserService/CreateUser", &credential, &request.base, &parley__v1__user__descriptor, arena);
    user->user_id.uuid = parse(created->user_id);
    Parley__V1__CreateDeviceRequest device_request = PARLEY__V1__CREATE_DEVICE_REQUEST__INIT;
    device_request.user_id = created->user_id;
    device_request.name = (char *)"phone";
    const Parley__V1__Device *device =
        (Parley__V1__Device *)bench_rpc_call(channel, "/parley.v1.UserService/CreateDevice", &credential,
                                             &device_request.base, &parley__v1__device__descriptor, arena);
    Parley__V1__CreateTokenRequest token_request = PARLEY__V1__CREATE_TOKEN_REQUEST__INIT;
    token_request.user_id = created->user_id;
    token_request.device_id = device->device_id;
    const Parley__V1__CreateTokenResponse *token = (Parley__V1__CreateTokenResponse *)bench_rpc_call(
        channel, "/parley.v1.UserService/CreateToken", &credential, &token_request.base,
        &parley__v1__create_token_response__descriptor, arena);
    user->bearer = join("Bearer ", token->token);
}

void bench_app_create(const struct bench_options *options, unsigned user_count, struct bench_app *ret_app)
{
    *ret_app = (struct bench_app){.user_count = user_count};
    ret_app->users = calloc(user_count, sizeof(*ret_app->users));
    pl_assert(ret_app->users != NULL);
    grpc_channel *channel = bench_channel_open(options->endpoint);
    struct pl_arena arena;
    pl_arena_init(&arena, SIZE_MAX);
    create_app(options, ret_app, channel, &arena);
    pl_arena_fini(&arena);
    grpc_channel_destroy(channel);
    struct crew crew = {.options = options, .app = ret_app, .step = create_user, .count = user_count};
    run_crew(&crew);
}

void bench_app_destroy(struct bench_app *app)
{
    for (unsigned i = 0; i < app->user_count; i++)
        free(app->users[i].bearer);
    free(app->users);
    free(app->api_key);
}

/* ---- chats ---- */

static Parley__V1__NewParticipant **new_participants(const struct bench_user *users, unsigned count,
                                                     struct pl_arena *arena)
{
    Parley__V1__NewParticipant **participants = pl_arena_array(arena, Parley__V1__NewParticipant *, count);
    for (unsigned i = 0; i < count; i++) {
        participants[i] = pl_arena_new(arena, Parley__V1__NewParticipant);
        parley__v1__new_participant__init(participants[i]);
        participants[i]->user_id = pl_arena_alloc(arena, PL_UUID_TEXT_CHARS + 1);
        pl_uuid_format(&users[i].user_id.uuid, participants[i]->user_id);
    }
    return participants;
}

static void create_chat(struct crew *crew, grpc_channel *channel, unsigned index, struct pl_arena *arena)
{
    const struct bench_user *users = &crew->app->users[crew->is_star ? index : crew->member_count * index];
    struct bench_credential credential = {"authorization",
                                          crew->is_star ? crew->app->users[0].bearer : users[0].bearer};
    Parley__V1__CreateChatRequest request = PARLEY__V1__CREATE_CHAT_REQUEST__INIT;
    bool is_group = crew->member_count > 2;
    request.chat_type = is_group ? PARLEY__V1__CHAT_TYPE__CHAT_TYPE_GROUP : PARLEY__V1__CHAT_TYPE__CHAT_TYPE_INDIVIDUAL;
    if (is_group)
        request.name = (char *)"bench";
    request.n_participants = crew->member_count - 1;
    request.participants = new_participants(users + 1, crew->member_count - 1, arena);
    const Parley__V1__Chat *created = (Parley__V1__Chat *)bench_rpc_call(
        channel, "/parley.v1.ChatService/CreateChat", &credential, &request.base, &parley__v1__chat__descriptor, arena);
    crew->logs[index] = (struct bench_log){{parse(created->chat_id)}, created->last_seq};
}

void bench_app_create_chats(const struct bench_app *app, const struct bench_options *options, unsigned member_count,
                            struct bench_log *ret_logs)
{
    struct crew crew = {.options = options,
                        .app = app,
                        .step = create_chat,
                        .count = app->user_count / member_count,
                        .member_count = member_count,
                        .logs = ret_logs};
    run_crew(&crew);
}

void bench_app_create_star(const struct bench_app *app, const struct bench_options *options, struct bench_log *ret_logs)
{
    struct crew crew = {.options = options,
                        .app = app,
                        .step = create_chat,
                        .count = app->user_count - 1,
                        .member_count = 2,
                        .is_star = true,
                        .logs = ret_logs};
    run_crew(&crew);
}

/* ---- a message in each chat ---- */

enum { COLUMN_USER, COLUMN_CHAT, CALL_MESSAGES_MAX = 100 };

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

static void say_in_chats(struct crew *crew, grpc_channel *channel, unsigned index, struct pl_arena *arena)
{
    char user[PL_UUID_TEXT_CHARS + 1];
    Parley__V1__SendMessageRequest messages[CALL_MESSAGES_MAX];
    Parley__V1__SendMessageRequest *list[CALL_MESSAGES_MAX];
    Parley__V1__SendMessagesRequest request = PARLEY__V1__SEND_MESSAGES_REQUEST__INIT;
    pl_uuid_format(&crew->app->users[index].user_id.uuid, user);
    request.messages = list;
    for (int row = first_row(crew->rows, user); row < PQntuples(crew->rows); row++) {
        if (strcmp(PQgetvalue(crew->rows, row, COLUMN_USER), user) != 0)
            break;
        Parley__V1__SendMessageRequest *message = &messages[request.n_messages];
        parley__v1__send_message_request__init(message);
        message->chat_id = PQgetvalue(crew->rows, row, COLUMN_CHAT);
        message->body_case = PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_CONTENT;
        message->content = (char *)"still there?";
        list[request.n_messages++] = message;
        if (request.n_messages == CALL_MESSAGES_MAX)
            send_messages(channel, &crew->app->users[index], &request, arena);
    }
    if (request.n_messages > 0)
        send_messages(channel, &crew->app->users[index], &request, arena);
}

static Parley__V1__SendMessageRequest *new_message(const struct crew *crew, unsigned index, int number,
                                                   struct pl_arena *arena)
{
    size_t bytes = (size_t)crew->options->body_bytes;
    Parley__V1__SendMessageRequest *message = pl_arena_new(arena, Parley__V1__SendMessageRequest);
    parley__v1__send_message_request__init(message);
    message->chat_id = pl_arena_alloc(arena, PL_UUID_TEXT_CHARS + 1);
    pl_uuid_format(&crew->logs[index].chat_id.uuid, message->chat_id);
    message->body_case = PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_ENCRYPTED_CONTENT;
    message->encrypted_content.data = pl_arena_alloc(arena, bytes);
    message->encrypted_content.len = bytes;
    bench_body_make(index, (uint64_t)number, message->encrypted_content.data, bytes);
    return message;
}

static void fill_chat(struct crew *crew, grpc_channel *channel, unsigned index, struct pl_arena *arena)
{
    Parley__V1__SendMessageRequest *list[CALL_MESSAGES_MAX];
    Parley__V1__SendMessagesRequest request = PARLEY__V1__SEND_MESSAGES_REQUEST__INIT;
    request.messages = list;
    for (int number = 1; number <= crew->messages; number++) {
        list[request.n_messages++] = new_message(crew, index, number, arena);
        if (request.n_messages == CALL_MESSAGES_MAX || number == crew->messages)
            send_messages(channel, &crew->app->users[index + 1], &request, arena);
    }
}

void bench_app_fill_star(const struct bench_app *app, const struct bench_options *options, const struct bench_log *logs,
                         int messages_of_each)
{
    struct crew crew = {.options = options,
                        .app = app,
                        .step = fill_chat,
                        .count = app->user_count - 1,
                        .messages = messages_of_each,
                        .logs = (struct bench_log *)(uintptr_t)logs};
    run_crew(&crew);
}

uint64_t bench_app_say_in_chats(const struct bench_app *app, const struct bench_options *options)
{
    PGconn *database = bench_database_open(options->database);
    char app_id[PL_UUID_TEXT_CHARS + 1];
    pl_uuid_format(&app->app_id.uuid, app_id);
    const char *parameters[] = {app_id};
    PGresult *rows = PQexecParams(
        database, "select user_low, chat_id from chats where app_id = $1::uuid and chat_type = 1 order by user_low", 1,
        NULL, parameters, NULL, NULL, 0);
    uint64_t count = (uint64_t)PQntuples(rows);
    struct crew crew = {.options = options, .app = app, .step = say_in_chats, .count = app->user_count, .rows = rows};
    run_crew(&crew);
    PQclear(rows);
    PQfinish(database);
    return count;
}
