/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Signatures of every kind, by OpenSSL alone: nothing here comes from the code under test but base64url. */
#include "unit/auth/signers.h"

#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "unit/auth/jwt_fixture.h"

#define SECRET "an hmac key of thirty-two bytes!"
#define P256_BYTES 32

struct signer signers[SIGNERS] = {
    {PL_JWT_HS256, "HS256", NULL, NULL},
    {PL_JWT_ES256, "ES256", NULL, NULL},
    {PL_JWT_RS256, "RS256", NULL, NULL},
    {PL_JWT_EDDSA, "EdDSA", NULL, NULL},
};

static bool make_key(struct signer *signer, struct pl_key_id kid, struct pl_app_id app_id)
{
    unsigned char *der = NULL;
    int bytes;
    bool made;

    if (signer->pair == NULL)
        return pl_jwt_key_new(kid, app_id, PL_JWT_HS256, SECRET, strlen(SECRET), &signer->key) == PL_OK;
    bytes = i2d_PUBKEY(signer->pair, &der);
    made = bytes > 0 && pl_jwt_key_new(kid, app_id, signer->algorithm, der, (size_t)bytes, &signer->key) == PL_OK;
    OPENSSL_free(der);
    return made;
}

int signers_set_up(void **state)
{
    struct pl_key_id kid;
    struct pl_app_id app_id;

    (void)state;
    if (pl_uuid_parse(KID, &kid.uuid) != PL_OK || pl_uuid_parse(APP, &app_id.uuid) != PL_OK)
        return 1;
    signers[PL_JWT_ES256].pair = EVP_EC_gen("P-256");
    signers[PL_JWT_RS256].pair = EVP_RSA_gen(2048);
    signers[PL_JWT_EDDSA].pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    for (unsigned i = 0; i < SIGNERS; i++)
        if (!make_key(&signers[i], kid, app_id))
            return 1;
    return 0;
}

int signers_tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIGNERS; i++) {
        pl_jwt_key_release(signers[i].key);
        EVP_PKEY_free(signers[i].pair);
    }
    return 0;
}

/* DER to R and S. */
static size_t to_raw(uint8_t *signature, size_t bytes)
{
    const unsigned char *at = signature;
    ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &at, (long)bytes);

    pl_assert(parsed != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(parsed), signature, P256_BYTES) == P256_BYTES);
    pl_assert(BN_bn2binpad(ECDSA_SIG_get0_s(parsed), signature + P256_BYTES, P256_BYTES) == P256_BYTES);
    ECDSA_SIG_free(parsed);
    return 2 * (size_t)P256_BYTES;
}

size_t signer_sign(const struct signer *signer, const char *text, uint8_t ret_signature[PL_JWT_SIGNATURE_BYTES_MAX])
{
    const EVP_MD *digest = signer->algorithm == PL_JWT_EDDSA ? NULL : EVP_sha256();
    size_t bytes = PL_JWT_SIGNATURE_BYTES_MAX;
    unsigned mac_bytes;
    EVP_MD_CTX *context;

    if (signer->pair == NULL) {
        HMAC(digest, SECRET, (int)strlen(SECRET), (const unsigned char *)text, strlen(text), ret_signature, &mac_bytes);
        return mac_bytes;
    }
    context = EVP_MD_CTX_new();
    pl_assert(context != NULL && EVP_DigestSignInit(context, NULL, digest, NULL, signer->pair) == 1 &&
              EVP_DigestSign(context, ret_signature, &bytes, (const unsigned char *)text, strlen(text)) == 1);
    EVP_MD_CTX_free(context);
    return signer->algorithm == PL_JWT_ES256 ? to_raw(ret_signature, bytes) : bytes;
}

const char *signer_text(const char *header, const char *claims, struct pl_arena *memory)
{
    return pl_arena_printf(memory, "%s.%s", token_part(memory, header, strlen(header)),
                           token_part(memory, claims, strlen(claims)));
}

const char *signer_attach(const char *text, const void *signature, size_t bytes, struct pl_arena *memory)
{
    return pl_arena_printf(memory, "%s.%s", text, token_part(memory, signature, bytes));
}

const char *signer_make(const struct signer *signer, const char *header, const char *claims, struct pl_arena *memory)
{
    uint8_t signature[PL_JWT_SIGNATURE_BYTES_MAX];
    const char *text = signer_text(header, claims, memory);
    size_t bytes = signer_sign(signer, text, signature);

    return signer_attach(text, signature, bytes, memory);
}

const char *signer_header(const char *name, struct pl_arena *memory)
{
    return pl_arena_printf(memory, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"" KID "\"}", name);
}
