/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Who is admitted, by the rows of a real database: what the statements find, that revoked rows are
 * not found, that caches forget, and a database that dies.
 */
#include <poll.h>
#include <stdio.h>

#include "auth/api_key.h"
#include "auth/auth.h"
#include "auth/jwt.h"
#include "base/clock.h"
#include "integration/db/harness.h"
#include "unit/auth/fake_call.h"

static struct database database;
static struct harness harness;
static struct pl_auth *auth;

static struct pair ours, theirs; /* users of two apps */
static struct pl_jwt_key signing_key;
static struct pl_device_id phone;
static const char *api_key;

/* ---- rows ---- */

/* As SQL writes bytea. */
static const char *hex(const uint8_t *data, size_t bytes)
{
    char *text = pl_arena_alloc(&harness.arena, 2 * bytes + 1);

    for (size_t i = 0; i < bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", data[i]);
    return text;
}

static const char *api_key_new(struct pl_app_id app_id)
{
    struct pl_uuid key_id = pl_uuid_v7();
    uint8_t hash[PL_API_KEY_HASH_BYTES];
    const char *secret = pl_api_key_generate(&harness.arena);

    pl_api_key_hash(secret, hash);
    database_execute(&database,
                     "insert into api_keys (key_id, app_id, name, secret_hash) values ('%s', '%s', '', '\\x%s')",
                     uuid_text(&key_id), uuid_text(&app_id.uuid), hex(hash, sizeof(hash)));
    return secret;
}

static struct pl_jwt_key signing_key_new(struct pl_app_id app_id)
{
    struct pl_jwt_key key = {.kid = {pl_uuid_v7()}, .app_id = app_id, .secret_bytes = 32, .secret = {0, 1, 2, 0xff}};

    database_execute(
        &database, "insert into signing_keys (key_id, app_id, algorithm, secret) values ('%s', '%s', 'HS256', '\\x%s')",
        uuid_text(&key.kid.uuid), uuid_text(&app_id.uuid), hex(key.secret, key.secret_bytes));
    return key;
}

static struct pl_device_id device_new(struct pl_user_id user_id)
{
    struct pl_device_id device_id = {pl_uuid_v7()};

    database_execute(&database, "insert into devices (user_id, device_id, name) values ('%s', '%s', '')",
                     uuid_text(&user_id.uuid), uuid_text(&device_id.uuid));
    return device_id;
}

static int set_up(void **state)
{
    char error[256];

    (void)state;
    database_create(&database);
    harness_init(&harness, &database);
    harness_open(&harness);
    ours = pair_create(&database, false);
    theirs = pair_create(&database, false);
    api_key = api_key_new(ours.app_id);
    signing_key = signing_key_new(ours.app_id);
    phone = device_new(ours.low);
    return pl_auth_open(&harness.config, harness.db, &harness.metrics, &auth, error, sizeof(error)) != PL_OK;
}

static int tear_down(void **state)
{
    (void)state;
    pl_auth_close(auth);
    harness_fini(&harness);
    database_drop(&database);
    return 0;
}

/* ---- asking ---- */

static enum pl_status admit(const char *key, const char *authorization, const char *acting_user,
                            struct pl_principal *ret_principal)
{
    enum pl_status status;
    struct pl_call call;

    fake_call_init(&call, acting_user != NULL || authorization != NULL ? PL_SCOPE_USER : PL_SCOPE_APP);
    call.deadline_us = INT64_MAX;
    call.api_key = key;
    call.authorization = authorization;
    call.acting_user = acting_user;
    pl_auth_admit(auth, &call);
    status = fake_call_wait(&call);
    if (ret_principal != NULL)
        *ret_principal = call.principal;
    fake_call_fini(&call);
    return status;
}

static const char *bearer(struct pl_user_id user_id, struct pl_device_id device_id)
{
    struct pl_jwt_claims claims = {.app_id = signing_key.app_id,
                                   .user_id = user_id,
                                   .device_id = device_id,
                                   .issued_at_s = pl_clock_wall_us() / 1000000};

    claims.expires_at_s = claims.issued_at_s + 3600;
    return pl_arena_printf(&harness.arena, "Bearer %s", pl_jwt_mint(&signing_key, &claims, &harness.arena));
}

/* ---- tests ---- */

static void api_key_and_acting_user_are_found(void **state)
{
    struct pl_principal principal;

    (void)state;
    assert_int_equal(admit(api_key, NULL, uuid_text(&ours.high.uuid), &principal), PL_OK);
    assert_int_equal(principal.kind, PL_PRINCIPAL_APP);
    assert_true(pl_uuid_equal(&principal.app_id.uuid, &ours.app_id.uuid));
    assert_true(pl_uuid_equal(&principal.user_id.uuid, &ours.high.uuid));
    assert_int_equal(admit("pk_made_up", NULL, NULL, NULL), PL_API_KEY_INVALID);
    assert_int_equal(admit(api_key, NULL, uuid_text(&theirs.low.uuid), NULL), PL_USER_NOT_FOUND);
    assert_int_equal(admit(api_key, NULL, uuid_text(&phone.uuid), NULL), PL_USER_NOT_FOUND);
}

static void token_and_device_are_found(void **state)
{
    struct pl_device_id their_phone = device_new(theirs.low);
    struct pl_principal principal;

    (void)state;
    assert_int_equal(admit(NULL, bearer(ours.low, phone), NULL, &principal), PL_OK);
    assert_int_equal(principal.kind, PL_PRINCIPAL_DEVICE);
    assert_true(pl_uuid_equal(&principal.app_id.uuid, &ours.app_id.uuid));
    assert_true(pl_uuid_equal(&principal.user_id.uuid, &ours.low.uuid));
    assert_true(pl_uuid_equal(&principal.device_id.uuid, &phone.uuid));
    assert_int_equal(admit(NULL, bearer(ours.high, phone), NULL, NULL), PL_DEVICE_REVOKED);
    assert_int_equal(admit(NULL, bearer(theirs.low, their_phone), NULL, NULL), PL_DEVICE_REVOKED);
    signing_key.kid.uuid = pl_uuid_v7();
    assert_int_equal(admit(NULL, bearer(ours.low, phone), NULL, NULL), PL_TOKEN_INVALID);
}

static void revoked_rows_are_not_found(void **state)
{
    (void)state;
    database_execute(&database, "update devices set revoked_at = now()");
    assert_int_equal(admit(NULL, bearer(ours.low, phone), NULL, NULL), PL_DEVICE_REVOKED);
    database_execute(&database, "update api_keys set revoked_at = now()");
    assert_int_equal(admit(api_key, NULL, NULL, NULL), PL_API_KEY_INVALID);
    signing_key = signing_key_new(ours.app_id);
    database_execute(&database, "update signing_keys set revoked_at = now()");
    assert_int_equal(admit(NULL, bearer(ours.low, phone), NULL, NULL), PL_TOKEN_INVALID);
}

/* Asks every 100 ms until what the caches knew is forgotten. */
static void revocation_of_what_is_cached_is_seen(void **state)
{
    (void)state;
    assert_int_equal(admit(api_key, NULL, NULL, NULL), PL_OK);
    assert_int_equal(admit(NULL, bearer(ours.low, phone), NULL, NULL), PL_OK);
    database_execute(&database, "update devices set revoked_at = now()");
    database_execute(&database, "update api_keys set revoked_at = now()");
    while (admit(api_key, NULL, NULL, NULL) == PL_OK)
        poll(NULL, 0, 100);
    assert_int_equal(admit(api_key, NULL, NULL, NULL), PL_API_KEY_INVALID);
    while (admit(NULL, bearer(ours.low, phone), NULL, NULL) == PL_OK)
        poll(NULL, 0, 100);
    assert_int_equal(admit(NULL, bearer(ours.low, phone), NULL, NULL), PL_DEVICE_REVOKED);
}

/* Asks every 100 ms until the database is there again. */
static void database_that_is_away_admits_nobody_new(void **state)
{
    (void)state;
    database_server_kill();
    assert_int_equal(admit(api_key, NULL, NULL, NULL), PL_DATABASE_UNAVAILABLE);
    assert_int_equal(admit(NULL, bearer(ours.low, phone), NULL, NULL), PL_DATABASE_UNAVAILABLE);
    database_server_restart();
    enum pl_status status;
    while ((status = admit(api_key, NULL, NULL, NULL)) == PL_DATABASE_UNAVAILABLE)
        poll(NULL, 0, 100);
    assert_int_equal(status, PL_OK);
    while ((status = admit(NULL, bearer(ours.low, phone), NULL, NULL)) == PL_DATABASE_UNAVAILABLE)
        poll(NULL, 0, 100);
    assert_int_equal(status, PL_OK);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(api_key_and_acting_user_are_found),
        TEST(token_and_device_are_found),
        TEST(revoked_rows_are_not_found),
        TEST(revocation_of_what_is_cached_is_seen),
        TEST(database_that_is_away_admits_nobody_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
