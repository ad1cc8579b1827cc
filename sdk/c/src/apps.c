/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService: apps. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"
#include "sdk/c/src/request_parts.h"

static void convert_app(void *ret_app, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    (void)arena;
    pl_convert_app(ret_app, (const Parley__V1__App *)reply);
}

parley_status parley_create_app(parley_client *client, const parley_new_app *new_app, parley_app **ret_app,
                                parley_error *ret_error)
{
    Parley__V1__CreateAppRequest request = PARLEY__V1__CREATE_APP_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.AdminService/CreateApp",
                                        .request = &request.base,
                                        .reply = &parley__v1__app__descriptor,
                                        .convert = convert_app};
    parley_new_app own;
    parley_status status = pl_request_take_struct(&own, sizeof own, new_app, new_app->struct_bytes, ret_error);
    if (status != PARLEY_OK)
        return status;
    request.name = pl_request_text(own.name);
    request.retention_days = own.retention_days;
    request.retention_until_delivered = own.retention_until_delivered != 0;
    request.user_messages_per_second = own.limits.user_messages_per_second;
    request.user_bytes_per_second = own.limits.user_bytes_per_second;
    request.user_creates_per_second = own.limits.user_creates_per_second;
    request.app_messages_per_second = own.limits.app_messages_per_second;
    request.app_bytes_per_second = own.limits.app_bytes_per_second;
    request.app_creates_per_second = own.limits.app_creates_per_second;
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_app)), ret_app, ret_error);
}

parley_status parley_get_app(parley_client *client, const char *app_id, parley_app **ret_app, parley_error *ret_error)
{
    Parley__V1__GetAppRequest request = PARLEY__V1__GET_APP_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.AdminService/GetApp",
                                        .request = &request.base,
                                        .reply = &parley__v1__app__descriptor,
                                        .convert = convert_app,
                                        .repeatable = true};
    request.app_id = pl_request_text(app_id);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_app)), ret_app, ret_error);
}

static void put_limit(struct pl_request_mask *mask, const char *name, const int *value, int32_t *ret_field)
{
    pl_request_mask_put(mask, name, value != NULL);
    *ret_field = value != NULL ? *value : 0;
}

parley_status parley_update_app(parley_client *client, const char *app_id, const parley_app_update *update,
                                parley_app **ret_app, parley_error *ret_error)
{
    Parley__V1__UpdateAppRequest request = PARLEY__V1__UPDATE_APP_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.AdminService/UpdateApp",
                                        .request = &request.base,
                                        .reply = &parley__v1__app__descriptor,
                                        .convert = convert_app,
                                        .repeatable = true};
    struct pl_request_mask mask;
    parley_app_update own;
    parley_status status = pl_request_take_struct(&own, sizeof own, update, update->struct_bytes, ret_error);
    if (status != PARLEY_OK)
        return status;
    pl_request_mask_init(&mask);
    pl_request_mask_put(&mask, "name", own.name != NULL);
    pl_request_mask_put(&mask, "max_group_members", own.max_group_members != 0);
    pl_request_mask_put(&mask, "retention_days", own.retention_days != NULL);
    pl_request_mask_put(&mask, "retention_until_delivered", own.retention_until_delivered != NULL);
    request.app_id = pl_request_text(app_id);
    request.name = pl_request_text(own.name);
    request.max_group_members = own.max_group_members;
    request.retention_days = own.retention_days != NULL ? *own.retention_days : 0;
    request.retention_until_delivered = own.retention_until_delivered != NULL && *own.retention_until_delivered != 0;
    put_limit(&mask, "user_messages_per_second", own.user_messages_per_second, &request.user_messages_per_second);
    put_limit(&mask, "user_bytes_per_second", own.user_bytes_per_second, &request.user_bytes_per_second);
    put_limit(&mask, "user_creates_per_second", own.user_creates_per_second, &request.user_creates_per_second);
    put_limit(&mask, "app_messages_per_second", own.app_messages_per_second, &request.app_messages_per_second);
    put_limit(&mask, "app_bytes_per_second", own.app_bytes_per_second, &request.app_bytes_per_second);
    put_limit(&mask, "app_creates_per_second", own.app_creates_per_second, &request.app_creates_per_second);
    request.update_mask = &mask.mask;
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_app)), ret_app, ret_error);
}
