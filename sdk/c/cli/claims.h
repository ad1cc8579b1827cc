/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What a device token says about itself. Not proved here: only the server can. */
#ifndef PL_CLI_CLAIMS_H
#define PL_CLI_CLAIMS_H

#include <parley/types.h>
#include <stdbool.h>

struct pl_claims {
    char app_id[PARLEY_ID_BYTES];
    char user_id[PARLEY_ID_BYTES];
    char device_id[PARLEY_ID_BYTES];
    int64_t expires_at_us; /* 0: not said */
};

/* False when it is no device token. */
bool pl_claims_read(const char *token, struct pl_claims *ret_claims);

#endif
