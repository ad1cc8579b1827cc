/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A database of a few rows without PostgreSQL, in the place of server/db at link time. Answers come
 * home by the mailbox, as the real ones do, and every question is counted.
 */
#ifndef PL_TESTS_FAKE_DB_H
#define PL_TESTS_FAKE_DB_H

#include "auth/api_key.h"
#include "auth/jwt.h"
#include "base/limits.h"
#include "db/db.h"

#define FAKE_ROWS_MAX 4

struct fake_api_key {
    const char *secret;
    struct pl_app_id app_id;
};
struct fake_user {
    struct pl_user_id user_id;
    struct pl_app_id app_id;
    bool is_deactivated;
};
struct fake_device {
    struct pl_user_id user_id; /* the device's app is the user's */
    struct pl_device_id device_id;
};
struct fake_signing_key {
    struct pl_key_id kid;
    struct pl_app_id app_id;
    const char *algorithm;
    const uint8_t *secret;
    int secret_bytes;
};

struct pl_db {
    enum pl_status status; /* of every query */
    unsigned asked;        /* queries so far */
    unsigned api_key_count, user_count, device_count, signing_key_count;
    struct fake_api_key api_keys[FAKE_ROWS_MAX];
    struct fake_user users[FAKE_ROWS_MAX];
    struct fake_device devices[FAKE_ROWS_MAX];
    struct fake_signing_key signing_keys[FAKE_ROWS_MAX];
    int32_t limits[PL_QUOTA_LOOKUPS]; /* of every app */
};

/* A row of PL_QUOTA_COLUMNS alone; to be cleared. */
struct pl_rows fake_limits(const int32_t limits[PL_QUOTA_LOOKUPS]);

#endif
