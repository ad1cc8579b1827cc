/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Public keys: the published vectors of each algorithm, and keys that are refused. */
#include "support/cmocka.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "auth/base64url.h"
#include "auth/public_key.h"

#define COUNT(array_) (sizeof(array_) / sizeof((array_)[0]))
#define BEGIN "-----BEGIN PUBLIC KEY-----\n"
#define END "-----END PUBLIC KEY-----\n"

#define RSA_LINES                                                                                                      \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"                                               \
    "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"                                               \
    "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"                                               \
    "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"                                               \
    "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"                                               \
    "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"                                               \
    "oQIDAQAB\n"
#define EC_LINES                                                                                                       \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"                                               \
    "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
#define ED_LINES "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"

static struct pl_arena arena;

static int set_up(void **state)
{
    (void)state;
    pl_arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_arena_fini(&arena);
    return 0;
}

/* ---- what is accepted ---- */

static struct pl_jwt_key *load(const char *pem, enum pl_jwt_algorithm algorithm)
{
    struct pl_key_id kid = {pl_uuid_v7()};
    struct pl_app_id app_id = {pl_uuid_v7()};
    struct pl_jwt_key *key = NULL;
    const uint8_t *der;
    const char *sentence;
    size_t bytes;

    if (pl_public_key_pem_to_der(pem, algorithm, &arena, &der, &bytes, &sentence) != PL_OK)
        fail_msg("%s", sentence);
    assert_null(sentence);
    assert_int_equal(pl_jwt_key_new(kid, app_id, algorithm, der, bytes, &key), PL_OK);
    return key;
}

/* RFC 7515 appendix A.2 and A.3, RFC 8037 appendix A.1, A.2 and A.4. */
static void published_signatures_are_proved(void **state)
{
    static const struct {
        enum pl_jwt_algorithm algorithm;
        const char *pem, *text, *signature;
    } vectors[] = {
        {PL_JWT_RS256, BEGIN RSA_LINES END,
         "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
         "cnVlfQ",
         "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU"
         "Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d"
         "O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig"
         "cN_IoypGlUPQGe77Rw"},
        {PL_JWT_ES256, BEGIN EC_LINES END,
         "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
         "cnVlfQ",
         "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
        {PL_JWT_EDDSA, BEGIN ED_LINES END, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
         "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        struct pl_jwt_key *key = load(vectors[i].pem, vectors[i].algorithm);
        uint8_t signature[PL_JWT_SIGNATURE_BYTES_MAX];
        const char *text = vectors[i].text;
        size_t bytes;

        assert_int_equal(pl_base64url_decode(vectors[i].signature, strlen(vectors[i].signature), signature,
                                             sizeof(signature), &bytes),
                         PL_OK);
        assert_true(pl_jwt_key_proves(key, text, strlen(text), signature, bytes));
        assert_false(pl_jwt_key_proves(key, text, strlen(text) - 1, signature, bytes));
        signature[bytes - 1] ^= 1;
        assert_false(pl_jwt_key_proves(key, text, strlen(text), signature, bytes));
        pl_jwt_key_release(key);
    }
}

/* RFC 7515 appendix A.1; the secret is its 64 bytes. */
static void published_hmac_is_proved(void **state)
{
    static const char secret_text[] =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    static const char text[] =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ";
    static const char signature_text[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    uint8_t secret[64], signature[32];
    struct pl_jwt_key *key;
    size_t bytes;

    (void)state;
    assert_int_equal(pl_base64url_decode(secret_text, strlen(secret_text), secret, sizeof(secret), &bytes), PL_OK);
    assert_int_equal(pl_jwt_key_new((struct pl_key_id){0}, (struct pl_app_id){0}, PL_JWT_HS256, secret, bytes, &key),
                     PL_OK);
    assert_int_equal(pl_base64url_decode(signature_text, strlen(signature_text), signature, sizeof(signature), &bytes),
                     PL_OK);
    assert_true(pl_jwt_key_proves(key, text, strlen(text), signature, bytes));
    pl_jwt_key_release(key);
}

static void white_space_around_pem_is_accepted(void **state)
{
    (void)state;
    pl_jwt_key_release(load("\n  \n" BEGIN ED_LINES END "\n\t \r\n", PL_JWT_EDDSA));
    pl_jwt_key_release(load("-----BEGIN PUBLIC KEY-----\r\n"
                            "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\r\n"
                            "-----END PUBLIC KEY-----",
                            PL_JWT_EDDSA));
}

static void secrets_are_32_to_64_bytes(void **state)
{
    static const uint8_t secret[80] = {1};

    (void)state;
    for (size_t bytes = 0; bytes <= sizeof(secret); bytes++) {
        struct pl_jwt_key *key = NULL;
        enum pl_status status =
            pl_jwt_key_new((struct pl_key_id){0}, (struct pl_app_id){0}, PL_JWT_HS256, secret, bytes, &key);

        assert_int_equal(status, bytes >= 32 && bytes <= 64 ? PL_OK : PL_INVALID_ARGUMENT);
        pl_jwt_key_release(key);
    }
}

/* ---- what is refused ---- */

static void assert_refused(const char *pem, enum pl_jwt_algorithm algorithm, const char *word)
{
    const uint8_t *der = NULL;
    const char *sentence = NULL;
    size_t bytes = 0;

    if (pl_public_key_pem_to_der(pem, algorithm, &arena, &der, &bytes, &sentence) == PL_OK)
        fail_msg("accepted for %s: %s", pl_jwt_algorithm_name(algorithm), pem);
    assert_non_null(sentence);
    if (strstr(sentence, word) == NULL)
        fail_msg("'%s' has no '%s'", sentence, word);
    assert_null(der);
}

static const char *take_text(BIO *bio)
{
    char *data;
    long bytes = BIO_get_mem_data(bio, &data);
    const char *text = pl_arena_copy(&arena, data, (size_t)bytes);

    BIO_free(bio);
    return text;
}

/* Takes the key. */
static const char *public_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());

    assert_non_null(key);
    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    EVP_PKEY_free(key);
    return take_text(bio);
}

static void keys_of_another_kind_are_refused(void **state)
{
    static const char *const pems[] = {
        [PL_JWT_ES256] = BEGIN EC_LINES END, [PL_JWT_RS256] = BEGIN RSA_LINES END, [PL_JWT_EDDSA] = BEGIN ED_LINES END};
    const char *x25519 = public_pem(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"));
    const char *ed448 = public_pem(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"));

    (void)state;
    for (unsigned algorithm = PL_JWT_HS256; algorithm <= PL_JWT_EDDSA; algorithm++) {
        for (unsigned of = PL_JWT_ES256; of <= PL_JWT_EDDSA; of++)
            if (of != algorithm)
                assert_refused(pems[of], algorithm, pl_jwt_algorithm_name(algorithm));
        assert_refused(x25519, algorithm, pl_jwt_algorithm_name(algorithm));
        assert_refused(ed448, algorithm, pl_jwt_algorithm_name(algorithm));
    }
}

static const char *private_pem(EVP_PKEY *key, bool traditional)
{
    BIO *bio = BIO_new(BIO_s_mem());

    assert_non_null(key);
    if (traditional)
        assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    else
        assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    EVP_PKEY_free(key);
    return take_text(bio);
}

static void private_keys_are_refused_by_name(void **state)
{
    const char *ec = private_pem(EVP_EC_gen("P-256"), false);

    (void)state;
    assert_refused(ec, PL_JWT_ES256, "private key");
    assert_refused(private_pem(EVP_EC_gen("P-256"), true), PL_JWT_ES256, "private key");
    assert_refused(private_pem(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), false), PL_JWT_EDDSA, "private key");
    assert_refused(pl_arena_printf(&arena, "%s%s", BEGIN EC_LINES END, ec), PL_JWT_ES256, "private key");
    assert_refused(pl_arena_printf(&arena, "%s%s", ec, BEGIN EC_LINES END), PL_JWT_ES256, "private key");
}

static void what_is_not_one_public_key_is_refused(void **state)
{
    static const char *const pems[] = {
        "",
        "nonsense",
        "-----BEGIN PUBLIC KEY-----",
        BEGIN END,
        BEGIN "AAAA\n" END,
        BEGIN "!!!!\n" END,
        BEGIN "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURoA\n" END, /* a byte too many */
        BEGIN "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcH\n" END,     /* three too few */
        BEGIN ED_LINES END BEGIN ED_LINES END,
        BEGIN ED_LINES END "x",
        BEGIN "Proc-Type: 4,ENCRYPTED\n\n" ED_LINES END,
        "-----BEGIN CERTIFICATE-----\n" ED_LINES "-----END CERTIFICATE-----\n",
        "-----BEGIN RSA PUBLIC KEY-----\n" ED_LINES "-----END RSA PUBLIC KEY-----\n",
        "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(pems); i++)
        assert_refused(pems[i], PL_JWT_EDDSA, "public");
}

static void other_curves_are_refused(void **state)
{
    EVP_PKEY *explicit_params = EVP_EC_gen("P-256");

    (void)state;
    assert_refused(public_pem(EVP_EC_gen("P-384")), PL_JWT_ES256, "P-256");
    assert_refused(public_pem(EVP_EC_gen("secp256k1")), PL_JWT_ES256, "P-256");
    assert_refused(public_pem(EVP_EC_gen("brainpoolP256r1")), PL_JWT_ES256, "P-256");
    assert_int_equal(EVP_PKEY_set_utf8_string_param(explicit_params, OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), 1);
    assert_refused(public_pem(explicit_params), PL_JWT_ES256, "P-256");
}

/* The y of RFC 7515 appendix A.3, off by one. */
static void point_off_the_curve_is_refused(void **state)
{
    (void)state;
    assert_refused(BEGIN "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
                         "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrA==\n" END,
                   PL_JWT_ES256, "public");
}

/* Under which everything would be signed. */
static void point_at_infinity_is_refused(void **state)
{
    (void)state;
    assert_refused(BEGIN "MBkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDAgAA\n" END, PL_JWT_ES256, "public");
}

static const char *ed25519_pem(const uint8_t point[32])
{
    return public_pem(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point, 32));
}

/* 0, 1 and -1 as y have order 4, 1 and 2; the next is no point of the curve, and the last is written in a second way.
 */
static void points_of_small_order_are_refused(void **state)
{
    uint8_t points[5][32] = {{0}, {1}, {0xec}, {2}, {0xed}};

    (void)state;
    memset(points[2] + 1, 0xff, 30);
    points[2][31] = 0x7f;
    memset(points[4] + 1, 0xff, 30);
    points[4][31] = 0x7f;
    for (size_t i = 0; i < COUNT(points); i++)
        assert_refused(ed25519_pem(points[i]), PL_JWT_EDDSA, "point");
}

/* ---- RSA ---- */

/* The modulus of RFC 7515 appendix A.2 to a power, so that it is large without the time to find primes; shifted right
 * by so many bits. */
static const char *rsa_pem(unsigned power, int shift, const char *exponent_hex)
{
    BN_CTX *scratch = BN_CTX_new();
    BIGNUM *modulus = BN_new(), *base = NULL, *exponent = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *params;
    EVP_PKEY *key = NULL;
    BIO *bio = BIO_new_mem_buf(BEGIN RSA_LINES END, -1);
    EVP_PKEY *published = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

    assert_int_equal(EVP_PKEY_get_bn_param(published, OSSL_PKEY_PARAM_RSA_N, &base), 1);
    assert_int_equal(BN_one(modulus), 1);
    for (unsigned i = 0; i < power; i++)
        assert_int_equal(BN_mul(modulus, modulus, base, scratch), 1);
    assert_int_equal(BN_rshift(modulus, modulus, shift), 1);
    assert_int_equal(BN_set_bit(modulus, 0), 1);
    assert_int_not_equal(BN_hex2bn(&exponent, exponent_hex), 0);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
    params = OSSL_PARAM_BLD_to_param(builder);
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(published);
    BIO_free(bio);
    BN_free(base);
    BN_free(modulus);
    BN_free(exponent);
    BN_CTX_free(scratch);
    return public_pem(key);
}

static void rsa_keys_have_2048_to_8192_bits(void **state)
{
    (void)state;
    pl_jwt_key_release(load(rsa_pem(1, 0, "10001"), PL_JWT_RS256));
    pl_jwt_key_release(load(rsa_pem(4, 0, "10001"), PL_JWT_RS256));
    assert_refused(rsa_pem(1, 1, "10001"), PL_JWT_RS256, "2048 to 8192 bits");
    assert_refused(rsa_pem(1, 1024, "10001"), PL_JWT_RS256, "2048 to 8192 bits");
    assert_refused(rsa_pem(5, 0, "10001"), PL_JWT_RS256, "2048 to 8192 bits");
}

static void rsa_exponents_are_sane(void **state)
{
    static const char *const refused[] = {"1", "2", "3", "11", "FFFF", "10000", "10002", "10000000000000001"};

    (void)state;
    pl_jwt_key_release(load(rsa_pem(1, 0, "FFFFFFFFFFFFFFC5"), PL_JWT_RS256));
    for (size_t i = 0; i < COUNT(refused); i++)
        assert_refused(rsa_pem(1, 0, refused[i]), PL_JWT_RS256, "exponent");
}

static void rsa_pss_key_is_refused(void **state)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA-PSS", (size_t)2048);

    (void)state;
    if (key == NULL) { /* OpenSSL 3.0 has no short way */
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);

        assert_int_equal(EVP_PKEY_keygen_init(context), 1);
        assert_int_equal(EVP_PKEY_generate(context, &key), 1);
        EVP_PKEY_CTX_free(context);
    }
    assert_refused(public_pem(key), PL_JWT_RS256, "RS256");
}

/* ---- names ---- */

static void names_are_those_of_the_standard(void **state)
{
    static const char *const others[] = {"", "none", "hs256", "HS512", "ES384", "PS256", "eddsa", "EdDSA "};
    enum pl_jwt_algorithm algorithm = PL_JWT_ES256;

    (void)state;
    for (unsigned i = PL_JWT_HS256; i <= PL_JWT_EDDSA; i++) {
        assert_int_equal(pl_jwt_algorithm_parse(pl_jwt_algorithm_name(i), &algorithm), PL_OK);
        assert_int_equal(algorithm, i);
    }
    for (size_t i = 0; i < COUNT(others); i++)
        assert_int_equal(pl_jwt_algorithm_parse(others[i], &algorithm), PL_INVALID_ARGUMENT);
    assert_int_equal(algorithm, PL_JWT_EDDSA);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(published_signatures_are_proved),       TEST(published_hmac_is_proved),
        TEST(white_space_around_pem_is_accepted),    TEST(secrets_are_32_to_64_bytes),
        TEST(keys_of_another_kind_are_refused),      TEST(private_keys_are_refused_by_name),
        TEST(what_is_not_one_public_key_is_refused), TEST(other_curves_are_refused),
        TEST(point_off_the_curve_is_refused),        TEST(points_of_small_order_are_refused),
        TEST(rsa_keys_have_2048_to_8192_bits),       TEST(rsa_exponents_are_sane),
        TEST(point_at_infinity_is_refused),          TEST(rsa_pss_key_is_refused),
        TEST(names_are_those_of_the_standard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
