/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService.CreateApp: an app, with the key that its device tokens are signed with. */
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "apps/app.h"
#include "apps/service.h"
#include "apps/signing_key.h"
#include "base/limits.h"
#include "effect.h"
#include "parley/v1/admin_service.pb-c.h"
#include "rpc/fields.h"

static void create_app(struct pl_call *call, const ProtobufCMessage *message);
static void compose(struct pl_query *query, void *context);

const struct pl_method pl_create_app = {
    .path = "/parley.v1.AdminService/CreateApp",
    .request_bytes_max = 4096,
    .idempotent = true,
    .handle = create_app,
};

static void create_app(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__CreateAppRequest *request = (const Parley__V1__CreateAppRequest *)message;
    if (!pl_field_chars(request->name, 1, PL_NAME_CHARS_MAX)) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "name must be 1 to 255 characters");
        return;
    }
    if (request->retention_days < 0 || request->retention_days > PL_RETENTION_DAYS_MAX) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "retention_days must be 0 to 3650");
        return;
    }
    const int32_t limits[PL_QUOTAS_OF_APP] = PL_APP_LIMITS_OF(request);
    const char *fault = pl_app_limits_fault(limits, UINT32_MAX);
    if (fault != NULL) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "%s", fault);
        return;
    }
    struct pl_uuid app_id = pl_uuid_v7();
    struct pl_query *query = pl_effect_query(call, compose, call);
    struct pl_params *app = pl_query_add(query, PL_STATEMENT_APP_INSERT);
    pl_params_uuid(app, &app_id);
    pl_params_text(app, request->name);
    pl_params_int32(app, request->retention_days);
    pl_params_bool(app, request->retention_until_delivered);
    for (unsigned i = 0; i < PL_QUOTAS_OF_APP; i++)
        pl_params_int32(app, limits[i]);

    uint8_t secret[PL_SIGNING_SECRET_BYTES];
    pl_assert(RAND_bytes(secret, sizeof(secret)) == 1);
    struct pl_uuid kid = pl_uuid_v7();
    struct pl_params *key = pl_query_add(query, PL_STATEMENT_SIGNING_KEY_INSERT);
    pl_params_uuid(key, &kid);
    pl_params_uuid(key, &app_id);
    pl_params_bytes(key, secret, sizeof(secret));
    OPENSSL_cleanse(secret, sizeof(secret));
    pl_server_submit(call, query);
}

static void compose(struct pl_query *query, void *context)
{
    struct pl_call *call = context;
    pl_effect_reply(call, &pl_app_from_row(&query->steps[0].rows, 0, pl_call_arena(call))->base);
}
