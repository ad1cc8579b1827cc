/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* HMAC-SHA256 against published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/base64url.h"
#include "auth/hmac.h"

/* RFC 7515 appendix A.1: what a JWS with HS256 signs, with what, and the signature. */
static const char jws_key[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
static const char jws_text[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
                               "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
                               "LmNvbS9pc19yb290Ijp0cnVlfQ";
static const char jws_signature[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

static void rfc_7515_a1_signature_is_ours(void **state)
{
    uint8_t key[64], mac[PL_HMAC_BYTES];
    char text[PL_BASE64URL_CHARS(PL_HMAC_BYTES) + 1];
    size_t key_bytes;

    (void)state;
    assert_int_equal(pl_base64url_decode(jws_key, strlen(jws_key), key, sizeof(key), &key_bytes), PL_OK);
    pl_hmac_sha256(key, key_bytes, jws_text, strlen(jws_text), mac);
    pl_base64url_encode(mac, sizeof(mac), text);
    assert_string_equal(text, jws_signature);
}

/* RFC 4231 test case 2: a key shorter than a block. */
static void rfc_4231_case_2_is_ours(void **state)
{
    static const uint8_t expected[PL_HMAC_BYTES] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24,
                                                    0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27,
                                                    0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
    static const char text[] = "what do ya want for nothing?";
    uint8_t mac[PL_HMAC_BYTES];

    (void)state;
    pl_hmac_sha256((const uint8_t *)"Jefe", 4, text, strlen(text), mac);
    assert_memory_equal(mac, expected, sizeof(expected));
}

static void equal_compares_all_bytes(void **state)
{
    uint8_t a[PL_HMAC_BYTES] = {0}, b[PL_HMAC_BYTES] = {0};

    (void)state;
    assert_true(pl_hmac_equal(a, b, sizeof(a)));
    for (size_t i = 0; i < sizeof(b); i++) {
        b[i] = 1;
        assert_false(pl_hmac_equal(a, b, sizeof(a)));
        b[i] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_7515_a1_signature_is_ours),
        cmocka_unit_test(rfc_4231_case_2_is_ours),
        cmocka_unit_test(equal_compares_all_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
