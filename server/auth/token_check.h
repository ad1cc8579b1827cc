/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Whom a device token speaks for: its kid names the signing key, the key proves the claims, and the
 * device that they name must be there, in that app, and not revoked. At the door of a call, and on a
 * stream that goes on with a new token.
 */
#ifndef PL_AUTH_TOKEN_CHECK_H
#define PL_AUTH_TOKEN_CHECK_H

#include "auth/jwt.h"
#include "auth/principal.h"
#include "base/arena.h"
#include "base/mailbox.h"

struct pl_auth;

/* The asker's memory, and the check's from begin until done. */
struct pl_token_check {
    const char *token;       /* borrowed */
    struct pl_arena *arena;  /* of its queries; outlives the check */
    struct pl_mailbox *home; /* of the thread that begins it */
    int64_t deadline_us;     /* pl_clock_now_us; not begun after this. 0: none */
    /* On the home thread, once; it may be before begin returns. */
    void (*done)(struct pl_token_check *check);
    /* TOKEN_INVALID, TOKEN_EXPIRED, DEVICE_REVOKED, USER_DEACTIVATED, or what the database says. */
    enum pl_status status;
    struct pl_principal principal; /* with PL_OK */
    /* The check's own. */
    struct pl_auth *auth;
    uint64_t version; /* of the cache that the look-up in work missed */
    struct pl_key_id kid;
    struct pl_jwt_claims claims;
};

void pl_token_check_begin(struct pl_auth *auth, struct pl_token_check *check);

#endif
