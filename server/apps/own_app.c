/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What every method that takes an app_id begins with. */
#include "apps/own_app.h"
#include "rpc/fields.h"

bool pl_own_app_parse(struct pl_call *call, const char *text, struct pl_app_id *ret_app_id)
{
    const struct pl_principal *principal = pl_call_principal(call);
    struct pl_app_id app_id;
    if (!pl_field_take_uuid(call, "app_id", text, &app_id.uuid))
        return false;
    if (principal->kind != PL_PRINCIPAL_OPERATOR && !pl_uuid_equal(&principal->app_id.uuid, &app_id.uuid)) {
        pl_call_fail(call, PL_PERMISSION_DENIED, "an API key speaks for its own app only");
        return false;
    }
    *ret_app_id = app_id;
    return true;
}
