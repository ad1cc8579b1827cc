/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"
#include "sdk/c/src/request.h"

/* Takes user, an empty reply. */
static parley_status call_for_user(parley_client *client, const struct pl_client_call *call, parley_user *user,
                                   parley_user **ret_user, parley_error *ret_error)
{
    ProtobufCMessage *reply = NULL;
    parley_status status = pl_client_call(client, call, pl_reply_arena(user), &reply, ret_error);
    if (status != PARLEY_OK) {
        parley_user_free(user);
        return status;
    }
    pl_convert_user(user, (const Parley__V1__User *)reply, pl_reply_arena(user));
    *ret_user = user;
    return PARLEY_OK;
}

parley_status parley_create_user(parley_client *client, const parley_new_user *new_user, parley_user **ret_user,
                                 parley_error *ret_error)
{
    parley_user *user = pl_reply_new(sizeof *user);
    Parley__V1__CreateUserRequest *request = NULL;
    parley_status status = pl_request_of_new_user(new_user, pl_reply_arena(user), &request, ret_error);
    if (status != PARLEY_OK) {
        parley_user_free(user);
        return status;
    }
    const struct pl_client_call call = {
        .path = "/parley.v1.UserService/CreateUser", .request = &request->base, .reply = &parley__v1__user__descriptor};
    return call_for_user(client, &call, user, ret_user, ret_error);
}

parley_status parley_get_user(parley_client *client, const char *user_id, parley_user **ret_user,
                              parley_error *ret_error)
{
    Parley__V1__GetUserRequest request = PARLEY__V1__GET_USER_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/GetUser",
                                        .request = &request.base,
                                        .reply = &parley__v1__user__descriptor,
                                        .repeatable = true};
    request.user_id = pl_request_text(user_id);
    return call_for_user(client, &call, pl_reply_new(sizeof(parley_user)), ret_user, ret_error);
}

parley_status parley_create_device(parley_client *client, const char *user_id, const char *name,
                                   parley_device **ret_device, parley_error *ret_error)
{
    Parley__V1__CreateDeviceRequest request = PARLEY__V1__CREATE_DEVICE_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/CreateDevice",
                                        .request = &request.base,
                                        .reply = &parley__v1__device__descriptor};
    parley_device *device = pl_reply_new(sizeof *device);
    ProtobufCMessage *reply = NULL;
    request.user_id = pl_request_text(user_id);
    request.name = pl_request_text(name);
    parley_status status = pl_client_call(client, &call, pl_reply_arena(device), &reply, ret_error);
    if (status != PARLEY_OK) {
        parley_device_free(device);
        return status;
    }
    pl_convert_device(device, (const Parley__V1__Device *)reply);
    *ret_device = device;
    return PARLEY_OK;
}

parley_status parley_create_token(parley_client *client, const char *user_id, const char *device_id, int ttl_seconds,
                                  parley_token **ret_token, parley_error *ret_error)
{
    Parley__V1__CreateTokenRequest request = PARLEY__V1__CREATE_TOKEN_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/CreateToken",
                                        .request = &request.base,
                                        .reply = &parley__v1__create_token_response__descriptor,
                                        .repeatable = true};
    parley_token *token = pl_reply_new(sizeof *token);
    ProtobufCMessage *reply = NULL;
    request.user_id = pl_request_text(user_id);
    request.device_id = pl_request_text(device_id);
    request.ttl_seconds = ttl_seconds;
    parley_status status = pl_client_call(client, &call, pl_reply_arena(token), &reply, ret_error);
    if (status != PARLEY_OK) {
        parley_token_free(token);
        return status;
    }
    pl_convert_token(token, (const Parley__V1__CreateTokenResponse *)reply);
    *ret_token = token;
    return PARLEY_OK;
}
