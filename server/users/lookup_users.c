/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * UserService.LookupUsers: who has these names. A device pays for each name it asks, found or not: whoever could ask
 * without end could list all users by trying.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "server.h"
#include "users/service.h"
#include "users/user.h"

#define US_PER_HOUR INT64_C(3600000000)

enum { STEP_PHONE_NUMBERS, STEP_USERNAMES };

static void lookup_users(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_lookup_users = {
    .path = "/parley.v1.UserService/LookupUsers",
    .request_bytes_max = 16384,
    .handle = lookup_users,
};

static const char *first_fault(const Parley__V1__LookupUsersRequest *request)
{
    if (request->n_usernames > PL_LOOKUP_NAMES_MAX ||
        request->n_phone_numbers > PL_LOOKUP_NAMES_MAX - request->n_usernames)
        return "usernames and phone_numbers must be at most 100 together";
    if (request->n_usernames + request->n_phone_numbers == 0)
        return "usernames or phone_numbers must have at least one";
    for (size_t i = 0; i < request->n_usernames; i++)
        if (!pl_username_valid(request->usernames[i]))
            return "each of usernames must be 1 to 64 characters of a-z, 0-9, '.', '_' and '-'";
    for (size_t i = 0; i < request->n_phone_numbers; i++)
        if (request->phone_numbers[i][0] == '\0' || !pl_phone_number_valid(request->phone_numbers[i]))
            return "each of phone_numbers must be + and 1 to 15 digits";
    return NULL;
}

/* False when the call has failed. */
static bool pay(struct pl_call *call, size_t names)
{
    struct pl_server *server = pl_call_context(call);
    const struct pl_principal *principal = pl_call_principal(call);
    struct pl_draw draw = {.rate = {PL_LOOKUPS_PER_HOUR, US_PER_HOUR}, .cost = (int64_t)names};
    struct pl_shortage shortage;
    if (principal->kind != PL_PRINCIPAL_DEVICE ||
        pl_buckets_take(server->lookups, &principal->user_id.uuid, &draw, 1, pl_clock_now_us(), &shortage))
        return true;
    pl_metrics_add(&server->metrics, PL_METRIC_rate_limited_total + PL_QUOTA_LOOKUPS, 1);
    pl_call_detail(call, "limit", "lookups");
    pl_call_retry_after(call, (int)(shortage.wait_us / 1000) + 1);
    pl_call_fail(call, PL_RATE_LIMITED, NULL);
    return false;
}

static void ask(struct pl_query *query, struct pl_call *call, enum pl_statement statement, char **names, size_t count)
{
    struct pl_params *params = pl_query_add(query, statement);
    struct pl_array array;
    pl_params_uuid(params, &pl_call_principal(call)->app_id.uuid);
    pl_array_begin(&array, params, PL_ELEMENT_TEXT, count);
    for (size_t i = 0; i < count; i++)
        pl_array_text(&array, names[i]);
    pl_array_end(&array);
}

static void lookup_users(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__LookupUsersRequest *request = (const Parley__V1__LookupUsersRequest *)message;
    const char *fault = first_fault(request);
    if (fault != NULL) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "%s", fault);
        return;
    }
    if (!pay(call, request->n_usernames + request->n_phone_numbers))
        return;
    struct pl_query *query = pl_server_query(call, on_found, call);
    ask(query, call, PL_STATEMENT_USERS_BY_PHONE_NUMBER, request->phone_numbers, request->n_phone_numbers);
    ask(query, call, PL_STATEMENT_USERS_BY_USERNAME, request->usernames, request->n_usernames);
    pl_server_submit(call, query);
}

static bool has_user(const struct pl_rows *rows, const struct pl_uuid *user)
{
    for (int row = 0; row < pl_rows_count(rows); row++) {
        struct pl_uuid found = pl_rows_uuid(rows, row, 0);
        if (pl_uuid_equal(&found, user))
            return true;
    }
    return false;
}

static void on_found(struct pl_query *query, void *context)
{
    struct pl_call *call = context;
    struct pl_arena *arena = pl_call_arena(call);
    const struct pl_principal *principal = pl_call_principal(call);
    const struct pl_rows *by_phone = &query->steps[STEP_PHONE_NUMBERS].rows;
    const struct pl_rows *by_name = &query->steps[STEP_USERNAMES].rows;
    if (query->status != PL_OK) {
        pl_call_fail(call, query->status, NULL);
        return;
    }
    Parley__V1__LookupUsersResponse response = PARLEY__V1__LOOKUP_USERS_RESPONSE__INIT;
    response.users = pl_arena_array(arena, Parley__V1__User *, PL_LOOKUP_NAMES_MAX);
    for (int row = 0; row < pl_rows_count(by_phone); row++) {
        Parley__V1__User *user = pl_user_from_row(by_phone, row, principal, arena);
        user->phone_number = (char *)pl_rows_text(by_phone, row, 2);
        response.users[response.n_users++] = user;
    }
    for (int row = 0; row < pl_rows_count(by_name); row++) {
        struct pl_uuid user = pl_rows_uuid(by_name, row, 0);
        if (!has_user(by_phone, &user))
            response.users[response.n_users++] = pl_user_from_row(by_name, row, principal, arena);
    }
    pl_call_reply(call, &response.base);
}
