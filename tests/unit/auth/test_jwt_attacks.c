/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Device tokens of every algorithm under attack: for each kind of key, what is not its algorithm, not its signature or
 * not about it is refused. What HS256 alone is put through is in test_jwt.c.
 */
#include "support/cmocka.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "auth/hmac.h"
#include "unit/auth/jwt_fixture.h"
#include "unit/auth/signers.h"

/* The order of Ed25519's group, little-endian (RFC 8032 section 5.1). */
static const uint8_t ed25519_order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                          0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                          0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
/* And of P-256's, big-endian. */
static const uint8_t p256_order[32] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                       0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

static enum pl_status verify_with(const struct signer *signer, const char *token)
{
    struct pl_jwt_claims claims;

    return pl_jwt_verify(token, signer->key, NOW, &claims);
}

static void assert_verified(const struct signer *signer, const char *token, enum pl_status expected, const char *what)
{
    enum pl_status status = verify_with(signer, token);

    if (status != expected)
        fail_msg("%s key, %s: %s, expected %s", signer->name, what, pl_status_reason(status),
                 pl_status_reason(expected));
}

/* The signer's header and signature. */
static const char *make_good(const struct signer *signer, const char *claims)
{
    return signer_make(signer, signer_header(signer->name, &arena), claims, &arena);
}

static const char *good_text(const struct signer *signer)
{
    return signer_text(signer_header(signer->name, &arena), CLAIMS, &arena);
}

static void own_tokens_are_accepted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIGNERS; i++)
        assert_verified(&signers[i], make_good(&signers[i], CLAIMS), PL_OK, "own token");
}

/* ---- the algorithm ---- */

static void algorithm_in_the_header_is_the_keys(void **state)
{
    static const char *const others[] = {"none",  "None",   "",        "HS384",  "HS512",       "ES384",
                                         "ES512", "ES256K", "RS384",   "RS512",  "PS256",       "es256",
                                         "eddsa", "EDDSA",  "Ed25519", "RS256 ", "EdDSA\\u0000"};

    (void)state;
    for (unsigned i = 0; i < SIGNERS; i++) {
        for (unsigned other = 0; other < SIGNERS; other++)
            assert_verified(&signers[i],
                            signer_make(&signers[i], signer_header(signers[other].name, &arena), CLAIMS, &arena),
                            other == i ? PL_OK : PL_TOKEN_INVALID, signers[other].name);
        for (size_t other = 0; other < COUNT(others); other++)
            assert_verified(&signers[i], signer_make(&signers[i], signer_header(others[other], &arena), CLAIMS, &arena),
                            PL_TOKEN_INVALID, others[other]);
    }
}

/* A good signature of another key, by the header of either. */
static void signature_of_another_kind_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIGNERS; i++) {
        for (unsigned other = 0; other < SIGNERS; other++) {
            if (other == i)
                continue;
            assert_verified(&signers[i],
                            signer_make(&signers[other], signer_header(signers[i].name, &arena), CLAIMS, &arena),
                            PL_TOKEN_INVALID, signers[other].name);
            assert_verified(&signers[i], make_good(&signers[other], CLAIMS), PL_TOKEN_INVALID, signers[other].name);
        }
    }
}

static void unsigned_tokens_are_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIGNERS; i++) {
        const char *text = good_text(&signers[i]);
        const char *none = signer_text(signer_header("none", &arena), CLAIMS, &arena);

        assert_verified(&signers[i], pl_arena_printf(&arena, "%s.", text), PL_TOKEN_INVALID, "no signature");
        assert_verified(&signers[i], pl_arena_printf(&arena, "%s.", none), PL_TOKEN_INVALID, "none");
        assert_verified(&signers[i], text, PL_TOKEN_INVALID, "two parts");
    }
}

/* ---- confusion: what is public, used as a secret ---- */

static const char *pem_of(const struct signer *signer)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    long bytes;
    const char *pem;

    assert_int_equal(PEM_write_bio_PUBKEY(bio, signer->pair), 1);
    bytes = BIO_get_mem_data(bio, &data);
    pem = pl_arena_copy(&arena, data, (size_t)bytes);
    BIO_free(bio);
    return pem;
}

static void try_as_secret(const struct signer *signer, const void *secret, size_t bytes)
{
    static const char *const names[] = {"HS256", "none"};
    uint8_t mac[PL_HMAC_BYTES];

    for (size_t i = 0; i < COUNT(names) + 1; i++) {
        const char *name = i < COUNT(names) ? names[i] : signer->name;
        const char *text = signer_text(signer_header(name, &arena), CLAIMS, &arena);

        pl_hmac_sha256(secret, bytes, text, strlen(text), mac);
        assert_verified(signer, signer_attach(text, mac, sizeof(mac), &arena), PL_TOKEN_INVALID, name);
    }
}

static void public_key_is_no_secret(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIGNERS; i++) {
        const struct signer *signer = &signers[i];
        unsigned char *der = NULL;
        int bytes;
        const char *pem;

        if (signer->pair == NULL)
            continue;
        pem = pem_of(signer);
        bytes = i2d_PUBKEY(signer->pair, &der);
        try_as_secret(signer, pem, strlen(pem));
        try_as_secret(signer, pem, strlen(pem) - 1);
        try_as_secret(signer, pem, strlen(pem) + 1);
        try_as_secret(signer, der, (size_t)bytes);
        try_as_secret(signer, der + bytes - 32, 32);
        OPENSSL_free(der);
        try_as_secret(signer, "", 0);
        try_as_secret(signer, KID, strlen(KID));
        try_as_secret(signer, (uint8_t[64]){0}, 64);
    }
}

/* A key that was not filled in, whatever the reason, proves nothing. */
static void empty_key_proves_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIGNERS; i++) {
        struct pl_jwt_key empty = {.algorithm = signers[i].algorithm};
        struct signer nobody = {signers[i].algorithm, signers[i].name, NULL, &empty};

        empty.kid = signers[i].key->kid;
        empty.app_id = signers[i].key->app_id;
        assert_verified(&nobody, make_good(&signers[i], CLAIMS), PL_TOKEN_INVALID, "empty");
        try_as_secret(&nobody, "", 0);
    }
}

/* ---- the signature ---- */

static void every_changed_character_of_a_signature_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIGNERS; i++) {
        const char *good = make_good(&signers[i], CLAIMS);
        char *token = pl_arena_copy(&arena, good, strlen(good));

        for (char *at = strrchr(token, '.') + 1; *at != '\0'; at++) {
            char was = *at;

            *at = was == 'A' ? 'B' : 'A';
            assert_verified(&signers[i], token, PL_TOKEN_INVALID, "changed signature");
            *at = was;
        }
        assert_verified(&signers[i], token, PL_OK, "as it was");
    }
}

static void signatures_of_other_lengths_are_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIGNERS; i++) {
        uint8_t signature[PL_JWT_SIGNATURE_BYTES_MAX + 1] = {0}, shifted[PL_JWT_SIGNATURE_BYTES_MAX + 1] = {0};
        const char *text = good_text(&signers[i]);
        size_t bytes = signer_sign(&signers[i], text, signature);

        memcpy(shifted + 1, signature, bytes);
        assert_verified(&signers[i], signer_attach(text, signature, bytes - 1, &arena), PL_TOKEN_INVALID, "shorter");
        assert_verified(&signers[i], signer_attach(text, signature, bytes + 1, &arena), PL_TOKEN_INVALID, "longer");
        assert_verified(&signers[i], signer_attach(text, shifted, bytes + 1, &arena), PL_TOKEN_INVALID, "led by 0");
        assert_verified(&signers[i], signer_attach(text, signature, sizeof(signature), &arena), PL_TOKEN_INVALID,
                        "1,025 bytes");
    }
}

static void es256_takes_r_and_s_alone(void **state)
{
    const struct signer *signer = &signers[PL_JWT_ES256];
    const char *text = good_text(signer);
    uint8_t good[PL_JWT_SIGNATURE_BYTES_MAX], bad[64];
    ECDSA_SIG *parsed = ECDSA_SIG_new();
    unsigned char *der = NULL;
    int bytes;

    (void)state;
    assert_int_equal(signer_sign(signer, text, good), 64);
    ECDSA_SIG_set0(parsed, BN_bin2bn(good, 32, NULL), BN_bin2bn(good + 32, 32, NULL));
    bytes = i2d_ECDSA_SIG(parsed, &der);
    assert_verified(signer, signer_attach(text, der, (size_t)bytes, &arena), PL_TOKEN_INVALID, "DER");
    OPENSSL_free(der);
    ECDSA_SIG_free(parsed);

    memset(bad, 0, sizeof(bad));
    assert_verified(signer, signer_attach(text, bad, 64, &arena), PL_TOKEN_INVALID, "0, 0");
    memcpy(bad, good, 32);
    assert_verified(signer, signer_attach(text, bad, 64, &arena), PL_TOKEN_INVALID, "R, 0");
    memcpy(bad + 32, p256_order, 32);
    assert_verified(signer, signer_attach(text, bad, 64, &arena), PL_TOKEN_INVALID, "R, order");
    memcpy(bad, p256_order, 32);
    assert_verified(signer, signer_attach(text, bad, 64, &arena), PL_TOKEN_INVALID, "order, order");
    memset(bad, 0xff, sizeof(bad));
    assert_verified(signer, signer_attach(text, bad, 64, &arena), PL_TOKEN_INVALID, "all ones");
    memcpy(bad, good + 32, 32);
    memcpy(bad + 32, good, 32);
    assert_verified(signer, signer_attach(text, bad, 64, &arena), PL_TOKEN_INVALID, "S, R");
}

static size_t sign_rsa(const char *text, const EVP_MD *digest, int padding, uint8_t *ret_signature)
{
    size_t bytes = PL_JWT_SIGNATURE_BYTES_MAX;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_context;

    assert_int_equal(EVP_DigestSignInit(context, &key_context, digest, NULL, signers[PL_JWT_RS256].pair), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(key_context, padding), 1);
    assert_int_equal(EVP_DigestSign(context, ret_signature, &bytes, (const unsigned char *)text, strlen(text)), 1);
    EVP_MD_CTX_free(context);
    return bytes;
}

static void rs256_is_pkcs1_with_sha256_alone(void **state)
{
    const struct signer *signer = &signers[PL_JWT_RS256];
    const char *text = good_text(signer);
    uint8_t signature[PL_JWT_SIGNATURE_BYTES_MAX];
    const struct {
        const char *name;
        const EVP_MD *digest;
        int padding;
        enum pl_status expected;
    } ways[] = {
        {"PKCS1 SHA-256", EVP_sha256(), RSA_PKCS1_PADDING, PL_OK},
        {"PKCS1 SHA-1", EVP_sha1(), RSA_PKCS1_PADDING, PL_TOKEN_INVALID},
        {"PKCS1 SHA-384", EVP_sha384(), RSA_PKCS1_PADDING, PL_TOKEN_INVALID},
        {"PKCS1 SHA-512", EVP_sha512(), RSA_PKCS1_PADDING, PL_TOKEN_INVALID},
        {"PSS SHA-256", EVP_sha256(), RSA_PKCS1_PSS_PADDING, PL_TOKEN_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        size_t bytes = sign_rsa(text, ways[i].digest, ways[i].padding, signature);

        assert_verified(signer, signer_attach(text, signature, bytes, &arena), ways[i].expected, ways[i].name);
    }
    for (int byte = 0; byte < 3; byte++) {
        memset(signature, byte == 2 ? 0xff : byte, 256);
        assert_verified(signer, signer_attach(text, signature, 256, &arena), PL_TOKEN_INVALID, "all alike");
    }
}

/* S and S plus the order are the same number to who does not look (RFC 8032 section 5.1.7). */
static void eddsa_signature_has_one_spelling(void **state)
{
    const struct signer *signer = &signers[PL_JWT_EDDSA];
    const char *text = good_text(signer);
    uint8_t signature[PL_JWT_SIGNATURE_BYTES_MAX];
    unsigned carry = 0;

    (void)state;
    assert_int_equal(signer_sign(signer, text, signature), 64);
    for (unsigned i = 0; i < 32; i++) {
        carry += signature[32 + i] + (unsigned)ed25519_order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    assert_verified(signer, signer_attach(text, signature, 64, &arena), PL_TOKEN_INVALID, "S + order");
}

/* ---- the rest holds for every algorithm ---- */

static void header_brings_no_key_along(void **state)
{
    static const char *const members[] = {"\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}",
                                          "\"jku\":\"https://example.com/keys\"",
                                          "\"x5u\":\"https://example.com/cert\"", "\"x5c\":[\"AAAA\"]"};

    (void)state;
    for (unsigned i = 0; i < SIGNERS; i++) {
        for (size_t member = 0; member < COUNT(members); member++) {
            const char *header =
                pl_arena_printf(&arena, "{\"alg\":\"%s\",\"kid\":\"" KID "\",%s}", signers[i].name, members[member]);
            const struct signer *forger = &signers[(i + 1) % SIGNERS];

            assert_verified(&signers[i], signer_make(forger, header, CLAIMS, &arena), PL_TOKEN_INVALID,
                            members[member]);
        }
    }
}

static void kid_names_exactly_this_key(void **state)
{
    static const char *const kids[] = {
        "\"" OTHER "\"",          "\"" NIL "\"",   "\"\"", "null", "\"" KID "\\u0000\"", "\"../" KID "\"",
        "\"" KID "' or true--\"", "[\"" KID "\"]", "10"};

    (void)state;
    for (unsigned i = 0; i < SIGNERS; i++) {
        for (size_t kid = 0; kid < COUNT(kids); kid++) {
            const char *header = pl_arena_printf(&arena, "{\"alg\":\"%s\",\"kid\":%s}", signers[i].name, kids[kid]);

            assert_verified(&signers[i], signer_make(&signers[i], header, CLAIMS, &arena), PL_TOKEN_INVALID, kids[kid]);
        }
        assert_verified(
            &signers[i],
            signer_make(&signers[i], pl_arena_printf(&arena, "{\"alg\":\"%s\"}", signers[i].name), CLAIMS, &arena),
            PL_TOKEN_INVALID, "no kid");
    }
}

static void claims_are_checked_whatever_signed_them(void **state)
{
    static const struct attempt attempts[] = {
        {WITH("\"iat\":1699990000,\"exp\":1699999940"), PL_TOKEN_EXPIRED},
        {WITH("\"iat\":1700000000,\"exp\":1700086461"), PL_TOKEN_INVALID},
        {WITH(IAT), PL_TOKEN_INVALID},
        {"{\"app\":\"" OTHER "\",\"sub\":\"" USER "\",\"device\":\"" DEVICE "\"," AUD "," IAT "," EXP "}",
         PL_TOKEN_INVALID},
        {"{" WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
        {"{\"aud\":\"other\"," WHO "," IAT "," EXP "}", PL_TOKEN_INVALID},
    };

    (void)state;
    for (unsigned i = 0; i < SIGNERS; i++)
        for (size_t at = 0; at < COUNT(attempts); at++)
            assert_verified(&signers[i], make_good(&signers[i], attempts[at].json), attempts[at].expected,
                            attempts[at].json);
}

static void token_of_20_mib_is_refused(void **state)
{
    size_t bytes = 20u << 20;
    char *padding = pl_arena_alloc(&arena, bytes + 1);

    (void)state;
    memset(padding, ' ', bytes);
    for (unsigned i = 0; i < SIGNERS; i++) {
        struct pl_arena own;
        const char *token;
        struct pl_key_id kid;

        pl_arena_init(&own, 0);
        token = signer_make(&signers[i], signer_header(signers[i].name, &own),
                            pl_arena_printf(&own, "%s%s", CLAIMS, padding), &own);
        assert_verified(&signers[i], token, PL_TOKEN_INVALID, "20 MiB");
        assert_int_equal(pl_jwt_read_kid(token, &kid), PL_TOKEN_INVALID);
        pl_arena_fini(&own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JWT_TEST(own_tokens_are_accepted),
        JWT_TEST(algorithm_in_the_header_is_the_keys),
        JWT_TEST(signature_of_another_kind_is_refused),
        JWT_TEST(unsigned_tokens_are_refused),
        JWT_TEST(public_key_is_no_secret),
        JWT_TEST(empty_key_proves_nothing),
        JWT_TEST(every_changed_character_of_a_signature_is_refused),
        JWT_TEST(signatures_of_other_lengths_are_refused),
        JWT_TEST(es256_takes_r_and_s_alone),
        JWT_TEST(rs256_is_pkcs1_with_sha256_alone),
        JWT_TEST(eddsa_signature_has_one_spelling),
        JWT_TEST(header_brings_no_key_along),
        JWT_TEST(kid_names_exactly_this_key),
        JWT_TEST(claims_are_checked_whatever_signed_them),
        JWT_TEST(token_of_20_mib_is_refused),
    };

    return cmocka_run_group_tests(tests, signers_set_up, signers_tear_down);
}
