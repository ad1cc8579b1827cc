/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Apart from the other chat code because messages are addressed with it too. */
#include "chats/individual.h"

#include <openssl/evp.h>
#include <string.h>

#define DOMAIN_TEXT "1:1"
#define DOMAIN_BYTES 3
#define ID_BYTES 16

struct pl_chat_id pl_individual_chat_id(struct pl_app_id app, struct pl_user_id one, struct pl_user_id other)
{
    bool in_order = memcmp(one.uuid.bytes, other.uuid.bytes, ID_BYTES) < 0;
    const struct pl_user_id *low = in_order ? &one : &other;
    const struct pl_user_id *high = in_order ? &other : &one;

    uint8_t input[DOMAIN_BYTES + 3 * ID_BYTES];
    memcpy(input, DOMAIN_TEXT, DOMAIN_BYTES);
    memcpy(input + DOMAIN_BYTES, app.uuid.bytes, ID_BYTES);
    memcpy(input + DOMAIN_BYTES + ID_BYTES, low->uuid.bytes, ID_BYTES);
    memcpy(input + DOMAIN_BYTES + 2 * ID_BYTES, high->uuid.bytes, ID_BYTES);
    uint8_t digest[EVP_MAX_MD_SIZE];
    pl_assert(EVP_Digest(input, sizeof(input), digest, NULL, EVP_sha256(), NULL) == 1);
    return (struct pl_chat_id){pl_uuid_v8(digest)};
}

bool pl_chat_id_is_group(const struct pl_chat_id *chat)
{
    return chat->uuid.bytes[6] >> 4 == 7;
}
