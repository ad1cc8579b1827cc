/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService.GetApp. */
#include "apps/app.h"
#include "apps/own_app.h"
#include "apps/service.h"
#include "server.h"

static void get_app(struct pl_call *call, const ProtobufCMessage *message);

const struct pl_method pl_get_app = {
    .path = "/parley.v1.AdminService/GetApp",
    .request_bytes_max = 1024,
    .handle = get_app,
};

static void get_app(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__GetAppRequest *request = (const Parley__V1__GetAppRequest *)message;
    struct pl_app_id app_id;
    if (!pl_own_app_parse(call, request->app_id, &app_id))
        return;
    struct pl_query *query = pl_server_query(call, pl_app_answer, call);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_APP_GET), &app_id.uuid);
    pl_server_submit(call, query);
}
