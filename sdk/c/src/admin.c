/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"

parley_status parley_create_app(parley_client *client, const char *name, parley_app **ret_app, parley_error *ret_error)
{
    Parley__V1__CreateAppRequest request = PARLEY__V1__CREATE_APP_REQUEST__INIT;
    const struct pl_client_call call = {
        .path = "/parley.v1.AdminService/CreateApp", .request = &request.base, .reply = &parley__v1__app__descriptor};
    parley_app *app = pl_reply_new(sizeof *app);
    ProtobufCMessage *reply = NULL;
    request.name = pl_request_text(name);
    parley_status status = pl_client_call(client, &call, pl_reply_arena(app), &reply, ret_error);
    if (status != PARLEY_OK) {
        parley_app_free(app);
        return status;
    }
    pl_convert_app(app, (const Parley__V1__App *)reply);
    *ret_app = app;
    return PARLEY_OK;
}

parley_status parley_create_api_key(parley_client *client, const char *app_id, const char *name,
                                    parley_api_key **ret_key, parley_error *ret_error)
{
    Parley__V1__CreateApiKeyRequest request = PARLEY__V1__CREATE_API_KEY_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.AdminService/CreateApiKey",
                                        .request = &request.base,
                                        .reply = &parley__v1__create_api_key_response__descriptor};
    parley_api_key *key = pl_reply_new(sizeof *key);
    ProtobufCMessage *reply = NULL;
    request.app_id = pl_request_text(app_id);
    request.name = pl_request_text(name);
    parley_status status = pl_client_call(client, &call, pl_reply_arena(key), &reply, ret_error);
    if (status != PARLEY_OK) {
        parley_api_key_free(key);
        return status;
    }
    pl_convert_api_key(key, (const Parley__V1__CreateApiKeyResponse *)reply);
    *ret_key = key;
    return PARLEY_OK;
}
