/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.ListDevices: the devices of a user that are not revoked, newest first. */
#include "page.h"
#include "users/device.h"
#include "users/service.h"
#include "users/user.h"

static void list_devices(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_list_devices = {
    .path = "/parley.v1.UserService/ListDevices",
    .request_bytes_max = 1024,
    .handle = list_devices,
};

static void list_devices(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ListDevicesRequest *request = (const Parley__V1__ListDevicesRequest *)message;
    struct pl_user_id user_id;
    if (!pl_user_parse(call, request->user_id, &user_id))
        return;
    struct pl_page *page = pl_arena_new(pl_call_arena(call), struct pl_page);
    *page =
        (struct pl_page){.call = call, .list = PL_PAGE_DEVICES, .subject = user_id.uuid, .missing = PL_USER_NOT_FOUND};
    if (!pl_page_take(page, request->page_size, request->page_token))
        return;
    struct pl_query *query = pl_server_query(call, on_found, page);
    pl_user_put_key(pl_query_add(query, PL_STATEMENT_USER_GET), call, &user_id);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_DEVICES_LIST);
    pl_params_uuid(params, &user_id.uuid);
    pl_page_put(page, params);
    pl_server_submit(call, query);
}

static void on_found(struct pl_query *query, void *context)
{
    const struct pl_page *page = context;
    struct pl_arena *arena = pl_call_arena(page->call);
    const struct pl_rows *rows = pl_page_rows(page, query);
    if (rows == NULL)
        return;
    Parley__V1__ListDevicesResponse response = PARLEY__V1__LIST_DEVICES_RESPONSE__INIT;
    int count = pl_page_count(page, rows);
    response.n_devices = (size_t)count;
    response.devices = pl_arena_array(arena, Parley__V1__Device *, (size_t)count);
    for (int row = 0; row < count; row++)
        response.devices[row] = pl_device_from_row(rows, row, arena);
    response.next_page_token = pl_page_next_token(page, rows, 0);
    pl_call_reply(page->call, &response.base);
}
