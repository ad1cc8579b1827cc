/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.CreateDevice: a device whose cursors begin where its user's chats are now. */
#include "base/limits.h"
#include "delivery/account.h"
#include "effect.h"
#include "parley/v1/user_service.pb-c.h"
#include "rpc/fields.h"
#include "users/service.h"

static void create_device(struct pl_call *call, const ProtobufCMessage *message);
static void compose(struct pl_query *query, void *context);
static void tell_user(void *context, bool is_unsure);

const struct pl_method pl_create_device = {
    .path = "/parley.v1.UserService/CreateDevice",
    .request_bytes_max = 4096,
    .spends = PL_SPENDS_CREATE,
    .idempotent = true,
    .handle = create_device,
};

enum { STEP_USER, STEP_DEVICE };

struct creation {
    struct pl_call *call;
    struct pl_user_id user_id;
    struct pl_device_id device_id;
    const char *name;
    bool has_others; /* there is another device to tell */
};

static void insert(struct creation *creation)
{
    struct pl_call *call = creation->call;
    struct pl_query *query = pl_effect_query(call, compose, creation);
    struct pl_params *user = pl_query_add(query, PL_STATEMENT_USER_LOCK);
    pl_params_uuid(user, &creation->user_id.uuid);
    pl_params_uuid(user, &pl_call_principal(call)->app_id.uuid);
    struct pl_params *device = pl_query_add(query, PL_STATEMENT_DEVICE_INSERT);
    pl_params_uuid(device, &creation->user_id.uuid);
    pl_params_uuid(device, &pl_call_principal(call)->app_id.uuid);
    pl_params_uuid(device, &creation->device_id.uuid);
    pl_params_text(device, creation->name);
    pl_params_int32(device, PL_DEVICES_MAX);
    struct pl_params *cursors = pl_query_add(query, PL_STATEMENT_DEVICE_CURSORS_INSERT);
    pl_params_uuid(cursors, &creation->user_id.uuid);
    pl_params_uuid(cursors, &creation->device_id.uuid);
    pl_effect_then(call, tell_user);
    pl_server_submit(call, query);
}

static void create_device(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__CreateDeviceRequest *request = (const Parley__V1__CreateDeviceRequest *)message;
    struct creation *creation = pl_arena_new(pl_call_arena(call), struct creation);
    *creation = (struct creation){.call = call, .device_id = {pl_uuid_v7()}, .name = request->name};
    if (!pl_field_take_uuid(call, "user_id", request->user_id, &creation->user_id.uuid))
        return;
    if (!pl_field_chars(request->name, 0, PL_NAME_CHARS_MAX)) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "name must be 0 to 255 characters");
        return;
    }
    insert(creation);
}

static void compose(struct pl_query *query, void *context)
{
    struct creation *creation = context;
    struct pl_call *call = creation->call;
    const struct pl_rows *rows = &query->steps[STEP_DEVICE].rows;
    if (pl_rows_count(rows) == 0) {
        bool is_user = pl_rows_count(&query->steps[STEP_USER].rows) > 0;
        pl_effect_refuse(call, is_user ? PL_LIMIT_REACHED : PL_USER_NOT_FOUND);
        return;
    }
    creation->has_others = pl_rows_bool(rows, 0, 1);
    Parley__V1__Device device = PARLEY__V1__DEVICE__INIT;
    device.device_id = pl_field_uuid(&creation->device_id.uuid, pl_call_arena(call));
    device.user_id = pl_field_uuid(&creation->user_id.uuid, pl_call_arena(call));
    device.name = (char *)creation->name;
    device.created_at = pl_field_time(pl_rows_time(rows, 0, 0), pl_call_arena(call));
    pl_effect_reply(call, &device.base);
}

static void tell_user(void *context, bool is_unsure)
{
    const struct creation *creation = context;
    const struct pl_server *server = pl_call_context(creation->call);
    if (!creation->has_others)
        return;
    pl_account_tell(server->hub, &(struct pl_account_news){
                                     .app_id = pl_call_principal(creation->call)->app_id,
                                     .event = PL_ACCOUNT_DEVICE_ADDED,
                                     .subject = creation->device_id.uuid,
                                     .is_unsure = is_unsure,
                                     .users = &creation->user_id,
                                     .count = 1,
                                 });
}
