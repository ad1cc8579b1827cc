/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.UpdateDevice: a new name. */
#include "base/limits.h"
#include "rpc/fields.h"
#include "server.h"
#include "users/device.h"
#include "users/service.h"

static void update_device(struct pl_call *call, const ProtobufCMessage *message);

const struct pl_method pl_update_device = {
    .path = "/parley.v1.UserService/UpdateDevice",
    .request_bytes_max = 4096,
    .handle = update_device,
};

static void update_device(struct pl_call *call, const ProtobufCMessage *message)
{
    static const char *const names[] = {"name", NULL};
    const Parley__V1__UpdateDeviceRequest *request = (const Parley__V1__UpdateDeviceRequest *)message;
    struct pl_device_key key;
    uint32_t bits = 0;
    if (!pl_device_parse(call, request->user_id, request->device_id, &key))
        return;
    if (pl_field_mask(request->update_mask, names, &bits) != PL_OK ||
        !pl_field_chars(request->name, 0, PL_NAME_CHARS_MAX)) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "update_mask may have name, and name must be 0 to 255 characters");
        return;
    }
    struct pl_query *query = pl_server_query(call, pl_device_answer, call);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_DEVICE_UPDATE);
    pl_device_put_key(params, call, &key);
    pl_params_text(params, request->name);
    pl_server_submit(call, query);
}
