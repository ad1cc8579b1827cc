/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The limits of the API, from api/limits.def: bytes, characters, items or seconds, as their names say; and what is
 * counted of users and apps, from api/quotas.def.
 */
#ifndef PL_BASE_LIMITS_H
#define PL_BASE_LIMITS_H

enum pl_limit {
#define PL_LIMIT(name, value, key, sentence) PL_##name = (value),
#include "limits.def"
#undef PL_LIMIT
};

enum pl_quota {
#define PL_QUOTA(name, key, unit, meaning, sentence) PL_QUOTA_##name,
#include "quotas.def"
#undef PL_QUOTA
    PL_QUOTA_COUNT
};

#endif
