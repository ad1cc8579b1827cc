/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* An app's limits become known by other ways than its callers: it was changed here, or long streams asked. */
#include "auth/admission.h"
#include "auth/quota.h"

void pl_auth_limit_app(struct pl_auth *auth, const struct pl_app_id *app_id, const struct pl_rows *rows, int row,
                       int column)
{
    pl_quotas_app(auth->quotas, app_id, rows, row, column);
}
