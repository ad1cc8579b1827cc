/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Inside of server/auth: what the files that admit a call share. An admission lives in the arena of
 * its call and runs on the loop of its call; it goes through look-ups, each answered by a cache or
 * by one query, and ends in exactly one of pass and refuse. Only what was found is cached: a key
 * that was just created works at once, and a flood of made-up keys pushes nothing out.
 */
#ifndef PL_AUTH_ADMISSION_H
#define PL_AUTH_ADMISSION_H

#include "auth/api_key.h"
#include "auth/auth.h"
#include "auth/token_check.h"
#include "base/cache.h"

/* A revocation is seen after this at the latest. */
#define PL_AUTH_TTL_US 5000000

struct pl_auth {
    struct pl_db *db;
    bool has_operator;
    uint8_t operator_hash[PL_API_KEY_HASH_BYTES];
    struct pl_cache *api_keys;     /* first 16 bytes of the hash -> struct pl_known_api_key */
    struct pl_cache *users;        /* user id -> struct pl_app_id */
    struct pl_cache *signing_keys; /* kid -> struct pl_jwt_key *, held */
    struct pl_cache *devices;      /* device id -> struct pl_known_device */
    struct pl_quotas *quotas;
};

struct pl_known_api_key {
    uint8_t hash_rest[PL_API_KEY_HASH_BYTES - sizeof(struct pl_uuid)];
    struct pl_app_id app_id;
    struct pl_app_quota *quota;
};

struct pl_known_device {
    struct pl_user_id user_id;
    struct pl_app_id app_id;
    struct pl_app_quota *quota;
};

struct pl_admission {
    struct pl_auth *auth;
    struct pl_call *call;
    /* API keys. */
    uint64_t version; /* of the cache that the look-up in work missed */
    uint8_t hash[PL_API_KEY_HASH_BYTES];
    const char *acting_user; /* value of parley-user; NULL: none */
    struct pl_token_check token;
};

/* The two ways in; secret and token are what the caller sent, in the call's arena. */
void pl_admit_api_key(struct pl_admission *admission, const char *secret);
void pl_admit_token(struct pl_admission *admission, const char *token);

/* The principal is filled in: its scope decides, and whether it has spent what it may. */
void pl_admission_pass(struct pl_admission *admission);
/* sentence NULL: the default one. */
void pl_admission_refuse(struct pl_admission *admission, enum pl_status status, const char *sentence);

/* A query that comes back to the loop of the call with the admission as its context. */
struct pl_query *pl_admission_query(struct pl_admission *admission,
                                    void (*done)(struct pl_query *query, void *context));
/*
 * Of a finished query: true when it found a row. Otherwise the admission has ended, with missing when
 * there was no row, or with what the database said.
 */
bool pl_admission_found(struct pl_admission *admission, const struct pl_query *query, enum pl_status missing);

#endif
