/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService.UpdateApp: the name and the limits of an app. */
#include "apps/app.h"
#include "apps/own_app.h"
#include "apps/service.h"
#include "base/limits.h"
#include "rpc/fields.h"
#include "server.h"

#define GROUP_MEMBERS_MIN 2

static void update_app(struct pl_call *call, const ProtobufCMessage *message);

const struct pl_method pl_update_app = {
    .path = "/parley.v1.AdminService/UpdateApp",
    .request_bytes_max = 4096,
    .handle = update_app,
};

#define LIMITS                                                                                                         \
    "user_messages_per_second", "user_bytes_per_second", "user_creates_per_second", "app_messages_per_second",         \
        "app_bytes_per_second", "app_creates_per_second"

static const char *const names[] = {"name", "max_group_members", "retention_days", "retention_until_delivered", LIMITS,
                                    NULL};
enum { NAME = 1, MAX_GROUP_MEMBERS = 2, RETENTION_DAYS = 4, RETENTION_UNTIL_DELIVERED = 8, LIMITS_SHIFT = 4 };

/* What is meant without a mask. */
static uint32_t set_fields(const Parley__V1__UpdateAppRequest *request, const int32_t *limits)
{
    uint32_t bits = (request->name[0] != '\0' ? NAME : 0U) |
                    (request->max_group_members != 0 ? MAX_GROUP_MEMBERS : 0U) |
                    (request->retention_days != 0 ? RETENTION_DAYS : 0U) |
                    (request->retention_until_delivered ? RETENTION_UNTIL_DELIVERED : 0U);
    for (unsigned i = 0; i < PL_QUOTAS_OF_APP; i++)
        bits |= (limits[i] != 0 ? 1U : 0U) << (LIMITS_SHIFT + i);
    return bits;
}

static const char *first_fault(const Parley__V1__UpdateAppRequest *request, const int32_t *limits, uint32_t *ret_bits)
{
    if (pl_field_mask(request->update_mask, names, ret_bits) != PL_OK)
        return "update_mask may have name, max_group_members, retention_days, retention_until_delivered and the "
               "limits of a second";
    if (*ret_bits == 0)
        *ret_bits = set_fields(request, limits);
    if ((*ret_bits & NAME) != 0 && !pl_field_chars(request->name, 1, PL_NAME_CHARS_MAX))
        return "name must be 1 to 255 characters";
    if ((*ret_bits & MAX_GROUP_MEMBERS) != 0 &&
        (request->max_group_members < GROUP_MEMBERS_MIN || request->max_group_members > PL_GROUP_MEMBERS_MAX))
        return "max_group_members must be 2 to 1024";
    if ((*ret_bits & RETENTION_DAYS) != 0 &&
        (request->retention_days < 0 || request->retention_days > PL_RETENTION_DAYS_MAX))
        return "retention_days must be 0 to 3650";
    return pl_app_limits_fault(limits, *ret_bits >> LIMITS_SHIFT);
}

static void put_int(struct pl_params *params, bool is_set, int32_t value)
{
    if (is_set)
        pl_params_int32(params, value);
    else
        pl_params_null(params);
}

static void update_app(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__UpdateAppRequest *request = (const Parley__V1__UpdateAppRequest *)message;
    const int32_t limits[PL_QUOTAS_OF_APP] = PL_APP_LIMITS_OF(request);
    struct pl_app_id app_id;
    uint32_t bits = 0;
    if (!pl_own_app_parse(call, request->app_id, &app_id))
        return;
    const char *fault = first_fault(request, limits, &bits);
    if (fault != NULL) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "%s", fault);
        return;
    }
    struct pl_query *query = pl_server_query(call, pl_app_answer, call);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_APP_UPDATE);
    pl_params_uuid(params, &app_id.uuid);
    if ((bits & NAME) != 0)
        pl_params_text(params, request->name);
    else
        pl_params_null(params);
    put_int(params, (bits & MAX_GROUP_MEMBERS) != 0, request->max_group_members);
    put_int(params, (bits & RETENTION_DAYS) != 0, request->retention_days);
    if ((bits & RETENTION_UNTIL_DELIVERED) != 0)
        pl_params_bool(params, request->retention_until_delivered);
    else
        pl_params_null(params);
    for (unsigned i = 0; i < PL_QUOTAS_OF_APP; i++)
        put_int(params, (bits & 1U << (LIMITS_SHIFT + i)) != 0, limits[i]);
    pl_server_submit(call, query);
}
