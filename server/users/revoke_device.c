/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.RevokeDevice. */
#include "server.h"
#include "users/device.h"
#include "users/service.h"

static void revoke_device(struct pl_call *call, const ProtobufCMessage *message);

const struct pl_method pl_revoke_device = {
    .path = "/parley.v1.UserService/RevokeDevice",
    .request_bytes_max = 1024,
    .handle = revoke_device,
};

static void revoke_device(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__RevokeDeviceRequest *request = (const Parley__V1__RevokeDeviceRequest *)message;
    struct pl_device_key key;
    if (!pl_device_parse(call, request->user_id, request->device_id, &key))
        return;
    struct pl_query *query = pl_server_query(call, pl_device_answer, call);
    pl_device_put_key(pl_query_add(query, PL_STATEMENT_DEVICE_REVOKE), call, &key);
    pl_server_submit(call, query);
}
