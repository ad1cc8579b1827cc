/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "bench/crew.h"
#include "bench/fail.h"
#include "bench/rpc.h"
#include "parley/v1/admin_service.pb-c.h"
#include "parley/v1/chat_service.pb-c.h"
#include "parley/v1/user_service.pb-c.h"

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

static void create_user(const struct bench_crew *crew, grpc_channel *channel, unsigned index, struct pl_arena *arena)
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
    struct bench_crew crew = {.options = options, .app = ret_app, .step = create_user, .count = user_count};
    bench_crew_run(&crew);
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

struct chats {
    struct bench_log *logs;
    unsigned member_count;
    bool is_star; /* each is one of the first user */
};

static void create_chat(const struct bench_crew *crew, grpc_channel *channel, unsigned index, struct pl_arena *arena)
{
    const struct chats *chats = crew->work;
    const struct bench_user *users = &crew->app->users[chats->is_star ? index : chats->member_count * index];
    struct bench_credential credential = {"authorization",
                                          chats->is_star ? crew->app->users[0].bearer : users[0].bearer};
    Parley__V1__CreateChatRequest request = PARLEY__V1__CREATE_CHAT_REQUEST__INIT;
    bool is_group = chats->member_count > 2;
    request.chat_type = is_group ? PARLEY__V1__CHAT_TYPE__CHAT_TYPE_GROUP : PARLEY__V1__CHAT_TYPE__CHAT_TYPE_INDIVIDUAL;
    if (is_group)
        request.name = (char *)"bench";
    request.n_participants = chats->member_count - 1;
    request.participants = new_participants(users + 1, chats->member_count - 1, arena);
    const Parley__V1__Chat *created = (Parley__V1__Chat *)bench_rpc_call(
        channel, "/parley.v1.ChatService/CreateChat", &credential, &request.base, &parley__v1__chat__descriptor, arena);
    chats->logs[index] = (struct bench_log){{parse(created->chat_id)}, created->last_seq};
}

static void create_chats(const struct bench_app *app, const struct bench_options *options, const struct chats *chats,
                         unsigned count)
{
    struct bench_crew crew = {.options = options, .app = app, .step = create_chat, .work = chats, .count = count};
    bench_crew_run(&crew);
}

void bench_app_create_chats(const struct bench_app *app, const struct bench_options *options, unsigned member_count,
                            struct bench_log *ret_logs)
{
    create_chats(app, options, &(struct chats){.logs = ret_logs, .member_count = member_count},
                 app->user_count / member_count);
}

void bench_app_create_star(const struct bench_app *app, const struct bench_options *options, struct bench_log *ret_logs)
{
    create_chats(app, options, &(struct chats){.logs = ret_logs, .member_count = 2, .is_star = true},
                 app->user_count - 1);
}
