/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService: devices and their tokens. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"

static void convert_device(void *ret_device, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    (void)arena;
    pl_convert_device(ret_device, (const Parley__V1__Device *)reply);
}

static void convert_token(void *ret_token, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    (void)arena;
    pl_convert_token(ret_token, (const Parley__V1__CreateTokenResponse *)reply);
}

static void convert_page(void *ret_devices, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__ListDevicesResponse *page = (const Parley__V1__ListDevicesResponse *)reply;
    const parley_device **items = pl_arena_array(arena, const parley_device *, page->n_devices + 1);
    for (size_t i = 0; i < page->n_devices; i++) {
        parley_device *device = pl_arena_new(arena, parley_device);
        pl_convert_device(device, page->devices[i]);
        items[i] = device;
    }
    *(parley_devices *)ret_devices =
        (parley_devices){.items = items, .count = page->n_devices, .next_page_token = page->next_page_token};
}

parley_status parley_create_device(parley_client *client, const char *user_id, const char *name,
                                   parley_device **ret_device, parley_error *ret_error)
{
    Parley__V1__CreateDeviceRequest request = PARLEY__V1__CREATE_DEVICE_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/CreateDevice",
                                        .request = &request.base,
                                        .reply = &parley__v1__device__descriptor,
                                        .convert = convert_device};
    request.user_id = pl_request_text(user_id);
    request.name = pl_request_text(name);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_device)), ret_device, ret_error);
}

parley_status parley_list_devices(parley_client *client, const char *user_id, int page_size, const char *page_token,
                                  parley_devices **ret_devices, parley_error *ret_error)
{
    Parley__V1__ListDevicesRequest request = PARLEY__V1__LIST_DEVICES_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/ListDevices",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_devices_response__descriptor,
                                        .convert = convert_page,
                                        .repeatable = true};
    request.user_id = pl_request_text(user_id);
    request.page_size = page_size;
    request.page_token = pl_request_text(page_token);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_devices)), ret_devices, ret_error);
}

parley_status parley_rename_device(parley_client *client, const char *user_id, const char *device_id, const char *name,
                                   parley_device **ret_device, parley_error *ret_error)
{
    Parley__V1__UpdateDeviceRequest request = PARLEY__V1__UPDATE_DEVICE_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/UpdateDevice",
                                        .request = &request.base,
                                        .reply = &parley__v1__device__descriptor,
                                        .convert = convert_device,
                                        .repeatable = true};
    request.user_id = pl_request_text(user_id);
    request.device_id = pl_request_text(device_id);
    request.name = pl_request_text(name);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_device)), ret_device, ret_error);
}

parley_status parley_revoke_device(parley_client *client, const char *user_id, const char *device_id,
                                   parley_device **ret_device, parley_error *ret_error)
{
    Parley__V1__RevokeDeviceRequest request = PARLEY__V1__REVOKE_DEVICE_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/RevokeDevice",
                                        .request = &request.base,
                                        .reply = &parley__v1__device__descriptor,
                                        .convert = convert_device,
                                        .repeatable = true};
    request.user_id = pl_request_text(user_id);
    request.device_id = pl_request_text(device_id);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_device)), ret_device, ret_error);
}

parley_status parley_create_token(parley_client *client, const char *user_id, const char *device_id, int ttl_seconds,
                                  parley_token **ret_token, parley_error *ret_error)
{
    Parley__V1__CreateTokenRequest request = PARLEY__V1__CREATE_TOKEN_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/CreateToken",
                                        .request = &request.base,
                                        .reply = &parley__v1__create_token_response__descriptor,
                                        .convert = convert_token,
                                        .repeatable = true};
    request.user_id = pl_request_text(user_id);
    request.device_id = pl_request_text(device_id);
    request.ttl_seconds = ttl_seconds;
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_token)), ret_token, ret_error);
}
