/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The table of principals and scopes. */
#include "auth/scope.h"

/* Columns of the table. An app that acts for a user is a column of its own. */
enum caller { NOBODY, OPERATOR, APP, APP_FOR_USER, DEVICE, CALLERS };

#define MISSING PL_CREDENTIALS_MISSING
#define DENIED PL_PERMISSION_DENIED

/* clang-format off */
static const enum pl_status verdicts[][CALLERS] = {
    /*                           nobody   operator  app                     app for user  device */
    [PL_SCOPE_PUBLIC]          = {PL_OK,   PL_OK,    PL_OK,                  PL_OK,        PL_OK},
    [PL_SCOPE_OPERATOR]        = {MISSING, PL_OK,    DENIED,                 DENIED,       DENIED},
    [PL_SCOPE_OPERATOR_OR_APP] = {MISSING, PL_OK,    PL_OK,                  PL_OK,        DENIED},
    [PL_SCOPE_APP]             = {MISSING, DENIED,   PL_OK,                  PL_OK,        DENIED},
    [PL_SCOPE_APP_OR_USER]     = {MISSING, DENIED,   PL_OK,                  PL_OK,        PL_OK},
    [PL_SCOPE_USER]            = {MISSING, DENIED,   PL_ACTING_USER_MISSING, PL_OK,        PL_OK},
    [PL_SCOPE_DEVICE]          = {MISSING, DENIED,   DENIED,                 DENIED,       PL_OK},
};
/* clang-format on */

/* What each scope takes, for those who are refused. */
static const char *const takers[] = {
    [PL_SCOPE_OPERATOR] = "this call takes the operator key in x-api-key",
    [PL_SCOPE_OPERATOR_OR_APP] = "this call takes the operator key or an app's API key in x-api-key",
    [PL_SCOPE_APP] = "this call takes an app's API key in x-api-key",
    [PL_SCOPE_APP_OR_USER] = "this call takes an app's API key in x-api-key, or a device token",
    [PL_SCOPE_USER] = "this call takes a device token, or an app's API key in x-api-key with parley-user",
    [PL_SCOPE_DEVICE] = "this call takes a device token in authorization: Bearer",
};

static enum caller caller_of(const struct pl_principal *principal)
{
    switch (principal->kind) {
    case PL_PRINCIPAL_OPERATOR:
        return OPERATOR;
    case PL_PRINCIPAL_APP:
        return pl_uuid_is_nil(&principal->user_id.uuid) ? APP : APP_FOR_USER;
    case PL_PRINCIPAL_DEVICE:
        return DEVICE;
    case PL_PRINCIPAL_NOBODY:
        break;
    }
    return NOBODY;
}

const char *pl_scope_sentence(enum pl_scope scope, enum pl_status status)
{
    bool known = scope >= PL_SCOPE_PUBLIC && scope <= PL_SCOPE_DEVICE;
    return known && status == PL_PERMISSION_DENIED ? takers[scope] : NULL;
}

enum pl_status pl_scope_check(const struct pl_principal *principal, enum pl_scope scope)
{
    if (scope < PL_SCOPE_PUBLIC || scope > PL_SCOPE_DEVICE)
        return PL_PERMISSION_DENIED;
    return verdicts[scope][caller_of(principal)];
}
