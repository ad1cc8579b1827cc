/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "chats/self_chat.h"

#include <openssl/evp.h>
#include <string.h>

#define TEXT_BYTES_MAX 16
#define ID_BYTES 16
#define INPUT_BYTES_MAX (TEXT_BYTES_MAX + 3 * ID_BYTES)

struct digest_input {
    size_t bytes;
    uint8_t data[INPUT_BYTES_MAX];
};

static void put(struct digest_input *input, const void *data, size_t bytes)
{
    pl_assert(input->bytes + bytes <= INPUT_BYTES_MAX);
    memcpy(input->data + input->bytes, data, bytes);
    input->bytes += bytes;
}

static struct pl_uuid digest(const struct digest_input *input)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    pl_assert(EVP_Digest(input->data, input->bytes, hash, NULL, EVP_sha256(), NULL) == 1);
    return pl_uuid_v8(hash);
}

struct pl_chat_id pl_self_chat_id(struct pl_app_id app, struct pl_user_id user)
{
    struct digest_input input = {0};
    put(&input, "self", strlen("self"));
    put(&input, app.uuid.bytes, ID_BYTES);
    put(&input, user.uuid.bytes, ID_BYTES);
    return (struct pl_chat_id){digest(&input)};
}

struct pl_message_id pl_self_message_id(const char *event, struct pl_uuid subject, int64_t seq, struct pl_user_id user)
{
    struct digest_input input = {0};
    uint8_t seq_bytes[8];
    for (unsigned i = 0; i < sizeof(seq_bytes); i++)
        seq_bytes[i] = (uint8_t)((uint64_t)seq >> (8 * i));
    put(&input, event, strlen(event));
    put(&input, subject.bytes, ID_BYTES);
    put(&input, seq_bytes, sizeof(seq_bytes));
    put(&input, user.uuid.bytes, ID_BYTES);
    return (struct pl_message_id){digest(&input)};
}
