/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The door: which credentials came, and the caches and the operator key that they are held against. */
#include "auth/auth.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/admission.h"
#include "auth/quota.h"

#define OPERATOR_KEY_CHARS_MIN 32
#define OPERATOR_KEY_CHARS_MAX 1024

#define API_KEYS_MAX 4096
#define SIGNING_KEYS_MAX 4096
#define USERS_MAX 65536
#define DEVICES_MAX 65536

/* ---- the operator key ---- */

/* Everything else could not be sent in metadata. */
static bool is_key_text(const char *text, size_t chars)
{
    for (size_t i = 0; i < chars; i++)
        if (!isgraph((unsigned char)text[i]))
            return false;
    return true;
}

static enum pl_status read_line(const char *path, char *ret_line, size_t bytes, char *error, unsigned error_bytes)
{
    FILE *file = fopen(path, "re");
    size_t count;

    if (file == NULL) {
        snprintf(error, error_bytes, "operator_key_file %s: %s", path, strerror(errno));
        return PL_INVALID_ARGUMENT;
    }
    count = fread(ret_line, 1, bytes - 1, file);
    ret_line[count] = '\0';
    if (ferror(file)) {
        snprintf(error, error_bytes, "operator_key_file %s cannot be read", path);
        fclose(file);
        return PL_INVALID_ARGUMENT;
    }
    fclose(file);
    ret_line[strcspn(ret_line, "\r\n")] = '\0';
    return PL_OK;
}

static enum pl_status read_operator_key(struct pl_auth *auth, const char *path, char *error, unsigned error_bytes)
{
    char line[OPERATOR_KEY_CHARS_MAX + 3]; /* one too many, a line feed, NUL */
    enum pl_status status = read_line(path, line, sizeof(line), error, error_bytes);
    size_t chars;

    if (status != PL_OK)
        return status;
    chars = strlen(line);
    if (chars < OPERATOR_KEY_CHARS_MIN || chars > OPERATOR_KEY_CHARS_MAX || !is_key_text(line, chars)) {
        snprintf(error, error_bytes, "operator_key_file %s must hold %d to %d printable characters without spaces",
                 path, OPERATOR_KEY_CHARS_MIN, OPERATOR_KEY_CHARS_MAX);
        status = PL_INVALID_ARGUMENT;
    } else {
        pl_api_key_hash(line, auth->operator_hash);
        auth->has_operator = true;
    }
    OPENSSL_cleanse(line, sizeof(line));
    return status;
}

/* ---- open and close ---- */

static void hold_key(void *value)
{
    pl_jwt_key_hold(*(struct pl_jwt_key **)value);
}

static void release_key(void *value)
{
    pl_jwt_key_release(*(struct pl_jwt_key **)value);
}

static void open_caches(struct pl_auth *auth, struct pl_metrics *metrics)
{
    auth->api_keys = pl_cache_new(API_KEYS_MAX, sizeof(struct pl_known_api_key), PL_AUTH_TTL_US, metrics);
    auth->users = pl_cache_new(USERS_MAX, sizeof(struct pl_app_id), PL_AUTH_TTL_US, metrics);
    auth->signing_keys = pl_cache_new(SIGNING_KEYS_MAX, sizeof(struct pl_jwt_key *), PL_AUTH_TTL_US, metrics);
    pl_cache_hold_values(auth->signing_keys, hold_key, release_key);
    auth->devices = pl_cache_new(DEVICES_MAX, sizeof(struct pl_known_device), PL_AUTH_TTL_US, metrics);
}

enum pl_status pl_auth_open(const struct pl_config *config, struct pl_db *db, struct pl_metrics *metrics,
                            struct pl_auth **ret_auth, char *error, unsigned error_bytes)
{
    struct pl_auth *auth = calloc(1, sizeof(*auth));
    enum pl_status status = PL_OK;

    pl_assert(auth != NULL);
    auth->db = db;
    if (config->operator_key_file[0] != '\0')
        status = read_operator_key(auth, config->operator_key_file, error, error_bytes);
    if (status != PL_OK) {
        free(auth);
        return status;
    }
    open_caches(auth, metrics);
    auth->quotas = pl_quotas_new(config, metrics);
    *ret_auth = auth;
    return PL_OK;
}

void pl_auth_close(struct pl_auth *auth)
{
    pl_cache_free(auth->api_keys);
    pl_cache_free(auth->users);
    pl_cache_free(auth->signing_keys);
    pl_cache_free(auth->devices);
    pl_quotas_free(auth->quotas);
    free(auth);
}

void pl_auth_forget_signing_key(struct pl_auth *auth, const struct pl_key_id *kid)
{
    pl_cache_drop(auth->signing_keys, &kid->uuid);
}

/* ---- the door ---- */

static void admit_bearer(struct pl_admission *admission, const char *authorization)
{
    static const char scheme[] = "Bearer "; /* in either case: RFC 9110 section 11.1 */

    if (admission->acting_user != NULL)
        pl_admission_refuse(admission, PL_ACTING_USER_REFUSED, NULL);
    else if (strncasecmp(authorization, scheme, strlen(scheme)) != 0)
        pl_admission_refuse(admission, PL_TOKEN_INVALID,
                            "authorization must be \"Bearer\", a space and a device token");
    else
        pl_admit_token(admission, authorization + strlen(scheme));
}

void pl_auth_admit(struct pl_auth *auth, struct pl_call *call)
{
    struct pl_admission *admission = pl_arena_new(pl_call_arena(call), struct pl_admission);
    const char *secret = pl_call_metadata(call, "x-api-key");
    const char *authorization = pl_call_metadata(call, "authorization");

    admission->auth = auth;
    admission->call = call;
    admission->acting_user = pl_call_metadata(call, "parley-user");
    if (secret != NULL && authorization != NULL)
        pl_admission_refuse(admission, PL_INVALID_ARGUMENT, "send either x-api-key or authorization, not both");
    else if (secret != NULL)
        pl_admit_api_key(admission, secret);
    else if (authorization != NULL)
        admit_bearer(admission, authorization);
    else
        pl_admission_pass(admission);
}

void pl_auth_forget_device(struct pl_auth *auth, const struct pl_device_id *device_id)
{
    pl_cache_drop(auth->devices, &device_id->uuid);
}
