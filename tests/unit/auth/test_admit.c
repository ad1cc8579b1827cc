/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Admission, with a call and a database that are not real: every way in, and what is asked of whom how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509.h>

#include "auth/auth.h"
#include "base/clock.h"
#include "unit/auth/fake_call.h"
#include "unit/auth/fake_db.h"
#include "unit/auth/signers.h"
#include "unit/auth/token_maker.h"

#define OUR_KEY "pk_our_key"
#define THEIR_KEY "pk_their_key"
#define ALICE_TEXT "a1ce0000-0000-7000-8000-000000000001"

static const struct pl_app_id our_app = {{{0xa0, 1}}}, their_app = {{{0xa0, 2}}};
static const struct pl_user_id alice = {{{0xa1, 0xce, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}}};
static const struct pl_user_id bob = {{{0xb0, 0xb}}}, mallory = {{{0xba, 0xd}}};
static const struct pl_device_id phone = {{{0xde, 1}}}, their_phone = {{{0xde, 2}}}, revoked = {{{0xde, 3}}};

static struct pl_db db;
static struct pl_auth *auth;
static struct pl_jwt_key our_signing_key, their_signing_key;
static struct pl_arena arena;

static struct pl_jwt_key signing_key(struct pl_app_id app_id, uint8_t number)
{
    struct pl_jwt_key key = {.kid = {{{0x61, number}}}, .app_id = app_id, .secret_bytes = 32};

    memset(key.secret, number, key.secret_bytes);
    return key;
}

static struct fake_signing_key row_of(const struct pl_jwt_key *key)
{
    return (struct fake_signing_key){key->kid, key->app_id, "HS256", key->secret, (int)key->secret_bytes};
}

static int set_up(void **state)
{
    static const struct pl_config config = {.operator_key_file = ""};
    char error[256];

    (void)state;
    our_signing_key = signing_key(our_app, 1);
    their_signing_key = signing_key(their_app, 2);
    db = (struct pl_db){
        .api_key_count = 2,
        .api_keys = {{OUR_KEY, our_app}, {THEIR_KEY, their_app}},
        .user_count = 3,
        .users = {{alice, our_app}, {bob, our_app}, {mallory, their_app}},
        .device_count = 2,
        .devices = {{alice, phone}, {mallory, their_phone}},
        .signing_key_count = 2,
        .signing_keys = {row_of(&our_signing_key), row_of(&their_signing_key)},
    };
    pl_arena_init(&arena, 1 << 20);
    return pl_auth_open(&config, &db, NULL, &auth, error, sizeof(error)) != PL_OK;
}

static int tear_down(void **state)
{
    (void)state;
    pl_auth_close(auth);
    pl_arena_fini(&arena);
    return 0;
}

/* ---- asking ---- */

struct credentials {
    const char *api_key;
    const char *authorization;
    const char *acting_user;
};

/* What became of one call. */
static enum pl_status admit(enum pl_scope scope, struct credentials credentials, struct pl_principal *ret_principal)
{
    struct pl_call call;

    fake_call_init(&call, scope);
    call.api_key = credentials.api_key;
    call.authorization = credentials.authorization;
    call.acting_user = credentials.acting_user;
    pl_auth_admit(auth, &call);
    (void)fake_call_wait(&call);
    if (call.status != PL_OK)
        assert_int_equal(call.principal.kind, PL_PRINCIPAL_NOBODY);
    if (ret_principal != NULL)
        *ret_principal = call.principal;
    fake_call_fini(&call);
    return call.status;
}

static enum pl_status with_key(enum pl_scope scope, const char *api_key, const char *acting_user)
{
    return admit(scope, (struct credentials){.api_key = api_key, .acting_user = acting_user}, NULL);
}

static enum pl_status with_token(const char *token)
{
    const char *authorization = pl_arena_printf(&arena, "Bearer %s", token);

    return admit(PL_SCOPE_DEVICE, (struct credentials){.authorization = authorization}, NULL);
}

static const char *token_for(const struct pl_jwt_key *key, struct pl_user_id user_id, struct pl_device_id device_id,
                             int64_t life_s)
{
    int64_t now_s = pl_clock_wall_us() / 1000000;
    struct pl_jwt_claims claims = {.app_id = key->app_id,
                                   .user_id = user_id,
                                   .device_id = device_id,
                                   .issued_at_s = now_s - 1000,
                                   .expires_at_s = now_s + life_s};

    return pl_jwt_mint(key, &claims, &arena);
}

/* ---- credentials ---- */

static void no_credentials_are_missing_unless_public(void **state)
{
    (void)state;
    assert_int_equal(admit(PL_SCOPE_APP, (struct credentials){0}, NULL), PL_CREDENTIALS_MISSING);
    assert_int_equal(admit(PL_SCOPE_APP, (struct credentials){.acting_user = ALICE_TEXT}, NULL),
                     PL_CREDENTIALS_MISSING);
    assert_int_equal(admit(PL_SCOPE_PUBLIC, (struct credentials){0}, NULL), PL_OK);
    assert_int_equal(db.asked, 0);
}

static void two_credentials_are_refused(void **state)
{
    const char *authorization = pl_arena_printf(&arena, "Bearer %s", token_for(&our_signing_key, alice, phone, 100));

    (void)state;
    assert_int_equal(
        admit(PL_SCOPE_USER, (struct credentials){.api_key = OUR_KEY, .authorization = authorization}, NULL),
        PL_INVALID_ARGUMENT);
    assert_int_equal(admit(PL_SCOPE_USER, (struct credentials){.api_key = "", .authorization = ""}, NULL),
                     PL_INVALID_ARGUMENT);
    assert_int_equal(db.asked, 0);
}

/* ---- API keys ---- */

static void api_key_speaks_for_its_app(void **state)
{
    struct pl_principal principal;

    (void)state;
    assert_int_equal(admit(PL_SCOPE_APP, (struct credentials){.api_key = OUR_KEY}, &principal), PL_OK);
    assert_int_equal(principal.kind, PL_PRINCIPAL_APP);
    assert_true(pl_uuid_equal(&principal.app_id.uuid, &our_app.uuid));
    assert_true(pl_uuid_is_nil(&principal.user_id.uuid));
    assert_true(pl_uuid_is_nil(&principal.device_id.uuid));
}

static void known_api_key_is_asked_for_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(with_key(PL_SCOPE_APP, OUR_KEY, NULL), PL_OK);
    assert_int_equal(db.asked, 1);
}

static void unknown_api_key_is_asked_for_every_time(void **state)
{
    (void)state;
    assert_int_equal(with_key(PL_SCOPE_APP, "pk_new", NULL), PL_API_KEY_INVALID);
    assert_int_equal(with_key(PL_SCOPE_APP, "", NULL), PL_API_KEY_INVALID);
    db.api_keys[db.api_key_count++] = (struct fake_api_key){"pk_new", our_app};
    assert_int_equal(with_key(PL_SCOPE_APP, "pk_new", NULL), PL_OK);
}

static void scope_is_asked_last(void **state)
{
    (void)state;
    assert_int_equal(with_key(PL_SCOPE_OPERATOR, OUR_KEY, NULL), PL_PERMISSION_DENIED);
    assert_int_equal(with_key(PL_SCOPE_OPERATOR, "pk_new", NULL), PL_API_KEY_INVALID);
    assert_int_equal(with_key(PL_SCOPE_USER, OUR_KEY, NULL), PL_ACTING_USER_MISSING);
}

static void acting_user_is_a_user_of_the_app(void **state)
{
    struct pl_principal principal;

    (void)state;
    assert_int_equal(
        admit(PL_SCOPE_USER, (struct credentials){.api_key = OUR_KEY, .acting_user = ALICE_TEXT}, &principal), PL_OK);
    assert_int_equal(principal.kind, PL_PRINCIPAL_APP);
    assert_true(pl_uuid_equal(&principal.user_id.uuid, &alice.uuid));
    assert_true(pl_uuid_is_nil(&principal.device_id.uuid));
    assert_int_equal(db.asked, 2);
    assert_int_equal(with_key(PL_SCOPE_USER, OUR_KEY, ALICE_TEXT), PL_OK);
    assert_int_equal(db.asked, 2);
}

static void acting_user_of_another_app_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(with_key(PL_SCOPE_USER, THEIR_KEY, ALICE_TEXT), PL_USER_NOT_FOUND);
    assert_int_equal(with_key(PL_SCOPE_USER, OUR_KEY, ALICE_TEXT), PL_OK);
    /* Now that the cache knows the user, too. */
    assert_int_equal(with_key(PL_SCOPE_USER, THEIR_KEY, ALICE_TEXT), PL_USER_NOT_FOUND);
    assert_int_equal(with_key(PL_SCOPE_USER, OUR_KEY, "a1ce0000-0000-7000-8000-000000000002"), PL_USER_NOT_FOUND);
}

static void acting_user_is_checked_on_every_method(void **state)
{
    static const char *const texts[] = {
        "", "alice", ALICE_TEXT " ", "{" ALICE_TEXT "}", "00000000-0000-0000-0000-000000000000",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(with_key(PL_SCOPE_APP, OUR_KEY, texts[i]), PL_INVALID_ID);
    assert_int_equal(with_key(PL_SCOPE_APP, OUR_KEY, ALICE_TEXT), PL_OK);
    assert_int_equal(with_key(PL_SCOPE_APP, "pk_new", "alice"), PL_API_KEY_INVALID);
}

/* ---- tokens ---- */

static void token_speaks_for_its_device(void **state)
{
    const char *authorization = pl_arena_printf(&arena, "bEARER %s", token_for(&our_signing_key, alice, phone, 100));
    struct pl_principal principal;
    int64_t now_us = pl_clock_wall_us();

    (void)state;
    assert_int_equal(admit(PL_SCOPE_DEVICE, (struct credentials){.authorization = authorization}, &principal), PL_OK);
    assert_int_equal(principal.kind, PL_PRINCIPAL_DEVICE);
    assert_true(pl_uuid_equal(&principal.app_id.uuid, &our_app.uuid));
    assert_true(pl_uuid_equal(&principal.user_id.uuid, &alice.uuid));
    assert_true(pl_uuid_equal(&principal.device_id.uuid, &phone.uuid));
    assert_int_equal(principal.expires_at_us % 1000000, 0);
    assert_true(principal.expires_at_us > now_us && principal.expires_at_us <= now_us + 100000000);
}

static void known_device_is_asked_for_once(void **state)
{
    (void)state;
    assert_int_equal(with_token(token_for(&our_signing_key, alice, phone, 100)), PL_OK);
    assert_int_equal(db.asked, 2);
    assert_int_equal(with_token(token_for(&our_signing_key, alice, phone, 200)), PL_OK);
    assert_int_equal(db.asked, 2);
}

static void other_authorization_is_refused(void **state)
{
    const char *token = token_for(&our_signing_key, alice, phone, 100);
    const char *texts[] = {
        "",
        "Bearer",
        "Bearer ",
        token,
        "Basic YWxpY2U6c2VjcmV0",
        pl_arena_printf(&arena, "Bearer  %s", token),
        pl_arena_printf(&arena, "Bearer\t%s", token),
        pl_arena_printf(&arena, "Bearer %s ", token),
        pl_arena_printf(&arena, "Bearer %s, Bearer %s", token, token),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(admit(PL_SCOPE_DEVICE, (struct credentials){.authorization = texts[i]}, NULL),
                         PL_TOKEN_INVALID);
}

static void acting_user_is_refused_with_a_token(void **state)
{
    const char *authorization = pl_arena_printf(&arena, "Bearer %s", token_for(&our_signing_key, alice, phone, 100));

    (void)state;
    assert_int_equal(
        admit(PL_SCOPE_USER, (struct credentials){.authorization = authorization, .acting_user = ALICE_TEXT}, NULL),
        PL_ACTING_USER_REFUSED);
}

static void token_of_an_unknown_key_is_invalid(void **state)
{
    struct pl_jwt_key unknown = signing_key(our_app, 9);

    (void)state;
    assert_int_equal(with_token(token_for(&unknown, alice, phone, 100)), PL_TOKEN_INVALID);
    unknown.kid = our_signing_key.kid;
    assert_int_equal(with_token(token_for(&unknown, alice, phone, 100)), PL_TOKEN_INVALID);
}

static void expired_token_says_so_without_asking_for_the_device(void **state)
{
    (void)state;
    assert_int_equal(with_token(token_for(&our_signing_key, alice, phone, -61)), PL_TOKEN_EXPIRED);
    assert_int_equal(db.asked, 1);
}

static void device_must_be_there_and_of_that_user_and_app(void **state)
{
    struct pl_jwt_key forged = their_signing_key;

    (void)state;
    assert_int_equal(with_token(token_for(&our_signing_key, alice, phone, 100)), PL_OK);
    assert_int_equal(with_token(token_for(&their_signing_key, mallory, their_phone, 100)), PL_OK);
    assert_int_equal(with_token(token_for(&our_signing_key, alice, revoked, 100)), PL_DEVICE_REVOKED);
    /* From here on the cache knows the device. */
    assert_int_equal(with_token(token_for(&our_signing_key, bob, phone, 100)), PL_DEVICE_REVOKED);
    assert_int_equal(with_token(token_for(&their_signing_key, alice, phone, 100)), PL_DEVICE_REVOKED);
    assert_int_equal(with_token(token_for(&their_signing_key, mallory, phone, 100)), PL_DEVICE_REVOKED);
    /* An app signs for another app with its own key. */
    forged.app_id = our_app;
    assert_int_equal(with_token(token_for(&forged, alice, phone, 100)), PL_TOKEN_INVALID);
}

static void device_of_another_app_is_refused_by_the_database(void **state)
{
    (void)state;
    assert_int_equal(with_token(token_for(&their_signing_key, alice, phone, 100)), PL_DEVICE_REVOKED);
    assert_int_equal(with_token(token_for(&our_signing_key, bob, phone, 100)), PL_DEVICE_REVOKED);
    assert_int_equal(with_token(token_for(&our_signing_key, alice, phone, 100)), PL_OK);
}

/* To their own app; to others the device and the user are not there. Nothing of it is remembered as good. */
static void deactivated_user_is_told_so(void **state)
{
    (void)state;
    db.users[0].is_deactivated = true;
    assert_int_equal(with_token(token_for(&their_signing_key, alice, phone, 100)), PL_DEVICE_REVOKED);
    assert_int_equal(with_token(token_for(&our_signing_key, alice, phone, 100)), PL_USER_DEACTIVATED);
    assert_int_equal(with_key(PL_SCOPE_USER, THEIR_KEY, ALICE_TEXT), PL_USER_NOT_FOUND);
    assert_int_equal(with_key(PL_SCOPE_USER, OUR_KEY, ALICE_TEXT), PL_USER_DEACTIVATED);
    db.users[0].is_deactivated = false;
    assert_int_equal(with_token(token_for(&our_signing_key, alice, phone, 100)), PL_OK);
    assert_int_equal(with_key(PL_SCOPE_USER, OUR_KEY, ALICE_TEXT), PL_OK);
}

/* ---- keys that apps bring ---- */

static const char *uuid_text(const struct pl_uuid *uuid)
{
    char *text = pl_arena_alloc(&arena, PL_UUID_TEXT_CHARS + 1);

    pl_uuid_format(uuid, text);
    return text;
}

static const char *signed_for_alice(const struct signer *signer)
{
    int64_t now_s = pl_clock_wall_us() / 1000000;
    const char *claims = pl_arena_printf(&arena,
                                         "{\"aud\":\"parley\",\"app\":\"%s\",\"sub\":\"%s\",\"device\":\"%s\","
                                         "\"iat\":%lld,\"exp\":%lld}",
                                         uuid_text(&our_app.uuid), uuid_text(&alice.uuid), uuid_text(&phone.uuid),
                                         (long long)now_s, (long long)now_s + 100);

    return signer_make(signer, signer_header(signer->name, &arena), claims, &arena);
}

static void bring_key(const struct signer *signer)
{
    struct fake_signing_key *row = &db.signing_keys[db.signing_key_count++];
    unsigned char *der = NULL;
    int bytes = i2d_PUBKEY(signer->pair, &der);

    assert_true(bytes > 0);
    *row = (struct fake_signing_key){signer->key->kid, our_app, signer->name,
                                     (const uint8_t *)pl_arena_copy(&arena, der, (size_t)bytes), bytes};
    OPENSSL_free(der);
}

/* Asked for once, and so parsed once. */
static void public_keys_prove_tokens_of_their_app(void **state)
{
    (void)state;
    for (unsigned i = PL_JWT_ES256; i <= PL_JWT_EDDSA; i++) {
        unsigned before = db.asked;

        bring_key(&signers[i]);
        assert_int_equal(with_token(signed_for_alice(&signers[i])), PL_OK);
        assert_int_equal(with_token(signed_for_alice(&signers[i])), PL_OK);
        assert_true(db.asked <= before + 2);
        /* All signers have the same kid. */
        pl_auth_forget_signing_key(auth, &signers[i].key->kid);
        db.signing_key_count--;
    }
}

static void forgotten_key_is_asked_for_again(void **state)
{
    (void)state;
    bring_key(&signers[PL_JWT_EDDSA]);
    assert_int_equal(with_token(signed_for_alice(&signers[PL_JWT_EDDSA])), PL_OK);
    db.signing_key_count--;
    assert_int_equal(with_token(signed_for_alice(&signers[PL_JWT_EDDSA])), PL_OK);
    pl_auth_forget_signing_key(auth, &signers[PL_JWT_EDDSA].key->kid);
    assert_int_equal(with_token(signed_for_alice(&signers[PL_JWT_EDDSA])), PL_TOKEN_INVALID);
}

/* The row's algorithm is the key's, whatever its bytes are good for. */
static void public_key_in_the_wrong_row_is_our_failure(void **state)
{
    (void)state;
    bring_key(&signers[PL_JWT_ES256]);
    db.signing_keys[db.signing_key_count - 1].algorithm = "RS256";
    assert_int_equal(with_token(signed_for_alice(&signers[PL_JWT_ES256])), PL_INTERNAL);
}

static void unusable_signing_key_is_our_failure(void **state)
{
    static const uint8_t long_secret[65] = {1};

    (void)state;
    db.signing_keys[0].secret = long_secret;
    db.signing_keys[0].secret_bytes = sizeof(long_secret);
    assert_int_equal(with_token(token_for(&our_signing_key, alice, phone, 100)), PL_INTERNAL);
    db.signing_keys[0] = row_of(&our_signing_key);
    db.signing_keys[0].algorithm = "RS256";
    assert_int_equal(with_token(token_for(&our_signing_key, alice, phone, 100)), PL_INTERNAL);
}

/* ---- the database is away ---- */

static void what_is_cached_outlives_the_database(void **state)
{
    const char *token = token_for(&our_signing_key, alice, phone, 100);

    (void)state;
    assert_int_equal(with_token(token), PL_OK);
    assert_int_equal(with_key(PL_SCOPE_USER, OUR_KEY, ALICE_TEXT), PL_OK);
    db.status = PL_DATABASE_UNAVAILABLE;
    assert_int_equal(with_token(token), PL_OK);
    assert_int_equal(with_key(PL_SCOPE_USER, OUR_KEY, ALICE_TEXT), PL_OK);
    assert_int_equal(with_key(PL_SCOPE_APP, THEIR_KEY, NULL), PL_DATABASE_UNAVAILABLE);
    assert_int_equal(with_token(token_for(&our_signing_key, alice, revoked, 100)), PL_DATABASE_UNAVAILABLE);
    assert_int_equal(with_token(token_for(&their_signing_key, mallory, their_phone, 100)), PL_DATABASE_UNAVAILABLE);
}

static void what_the_database_says_is_passed_on(void **state)
{
    static const enum pl_status statuses[] = {PL_OVERLOADED, PL_DEADLINE_EXCEEDED, PL_DATABASE_UNAVAILABLE,
                                              PL_INTERNAL};

    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        db.status = statuses[i];
        assert_int_equal(with_key(PL_SCOPE_APP, OUR_KEY, NULL), statuses[i]);
        assert_int_equal(with_token(token_for(&our_signing_key, alice, phone, 100)), statuses[i]);
    }
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_credentials_are_missing_unless_public),
        TEST(two_credentials_are_refused),
        TEST(api_key_speaks_for_its_app),
        TEST(known_api_key_is_asked_for_once),
        TEST(unknown_api_key_is_asked_for_every_time),
        TEST(scope_is_asked_last),
        TEST(acting_user_is_a_user_of_the_app),
        TEST(acting_user_of_another_app_is_not_found),
        TEST(acting_user_is_checked_on_every_method),
        TEST(token_speaks_for_its_device),
        TEST(known_device_is_asked_for_once),
        TEST(other_authorization_is_refused),
        TEST(acting_user_is_refused_with_a_token),
        TEST(token_of_an_unknown_key_is_invalid),
        TEST(expired_token_says_so_without_asking_for_the_device),
        TEST(device_must_be_there_and_of_that_user_and_app),
        TEST(deactivated_user_is_told_so),
        TEST(device_of_another_app_is_refused_by_the_database),
        TEST(public_keys_prove_tokens_of_their_app),
        TEST(forgotten_key_is_asked_for_again),
        TEST(public_key_in_the_wrong_row_is_our_failure),
        TEST(unusable_signing_key_is_our_failure),
        TEST(what_is_cached_outlives_the_database),
        TEST(what_the_database_says_is_passed_on),
    };

    return cmocka_run_group_tests(tests, signers_set_up, signers_tear_down);
}
