/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* HMAC-SHA256 by OpenSSL's EVP. */
#include "auth/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/status.h"

void pl_hmac_sha256(const uint8_t *key, size_t key_bytes, const void *data, size_t bytes,
                    uint8_t ret_mac[PL_HMAC_BYTES])
{
    size_t mac_bytes = 0;
    const unsigned char *mac =
        EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_bytes, data, bytes, ret_mac, PL_HMAC_BYTES, &mac_bytes);

    /* With the algorithm built in, only memory can be missing. */
    pl_assert(mac != NULL && mac_bytes == PL_HMAC_BYTES);
}

bool pl_hmac_equal(const void *a, const void *b, size_t bytes)
{
    return CRYPTO_memcmp(a, b, bytes) == 0;
}
