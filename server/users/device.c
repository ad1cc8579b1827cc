/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One reading of a device's ids and rows, for every method that takes or answers a device. */
#include "users/device.h"

#include "rpc/fields.h"
#include "server.h"
#include "users/user.h"

bool pl_device_parse(struct pl_call *call, const char *user_id, const char *device_id, struct pl_device_key *ret_key)
{
    if (!pl_user_parse(call, user_id, &ret_key->user_id))
        return false;
    return pl_field_take_uuid(call, "device_id", device_id, &ret_key->device_id.uuid);
}

void pl_device_put_key(struct pl_params *params, struct pl_call *call, const struct pl_device_key *key)
{
    pl_user_put_key(params, call, &key->user_id);
    pl_params_uuid(params, &key->device_id.uuid);
}

Parley__V1__Device *pl_device_from_row(const struct pl_rows *rows, int row, struct pl_arena *arena)
{
    Parley__V1__Device *device = pl_arena_new(arena, Parley__V1__Device);
    struct pl_uuid device_id = pl_rows_uuid(rows, row, 0);
    struct pl_uuid user_id = pl_rows_uuid(rows, row, 1);
    parley__v1__device__init(device);
    device->device_id = pl_field_uuid(&device_id, arena);
    device->user_id = pl_field_uuid(&user_id, arena);
    device->name = (char *)pl_rows_text(rows, row, 2);
    device->created_at = pl_field_time(pl_rows_time(rows, row, 3), arena);
    device->revoked_at = pl_field_time(pl_rows_time(rows, row, 4), arena);
    return device;
}

void pl_device_answer(struct pl_query *query, void *context)
{
    struct pl_call *call = context;
    const struct pl_rows *rows = pl_server_rows(call, query, 0, PL_DEVICE_NOT_FOUND);
    if (rows != NULL)
        pl_call_reply(call, &pl_device_from_row(rows, 0, pl_call_arena(call))->base);
}
