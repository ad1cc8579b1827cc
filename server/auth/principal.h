/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Who is asking, once it is proved. */
#ifndef PL_AUTH_PRINCIPAL_H
#define PL_AUTH_PRINCIPAL_H

#include "base/uuid.h"

enum pl_principal_kind { PL_PRINCIPAL_NOBODY, PL_PRINCIPAL_OPERATOR, PL_PRINCIPAL_APP, PL_PRINCIPAL_DEVICE };

struct pl_app_quota; /* see auth/quota.h */

struct pl_principal {
    enum pl_principal_kind kind;
    struct pl_app_id app_id;       /* app and device */
    struct pl_user_id user_id;     /* device; app when parley-user was given; else nil */
    struct pl_device_id device_id; /* device */
    struct pl_app_quota *quota;    /* app and device: what is counted of the app; NULL: nothing is */
    struct pl_key_id key_id;       /* device: what signed the token */
    int64_t issued_at_us;          /* device: the token's life, microseconds since 1970 */
    int64_t expires_at_us;
};

#endif
