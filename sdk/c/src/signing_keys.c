/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService: the keys that apps sign their device tokens with. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"
#include "sdk/c/src/request_parts.h"

static void convert_key(void *ret_key, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    (void)arena;
    pl_convert_signing_key(ret_key, (const Parley__V1__SigningKey *)reply);
}

static void convert_page(void *ret_keys, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__ListSigningKeysResponse *page = (const Parley__V1__ListSigningKeysResponse *)reply;
    const parley_signing_key **items = pl_arena_array(arena, const parley_signing_key *, page->n_signing_keys + 1);
    for (size_t i = 0; i < page->n_signing_keys; i++) {
        parley_signing_key *key = pl_arena_new(arena, parley_signing_key);
        pl_convert_signing_key(key, page->signing_keys[i]);
        items[i] = key;
    }
    *(parley_signing_keys *)ret_keys =
        (parley_signing_keys){.items = items, .count = page->n_signing_keys, .next_page_token = page->next_page_token};
}

parley_status parley_register_signing_key(parley_client *client, const char *app_id,
                                          const parley_new_signing_key *new_key, parley_signing_key **ret_key,
                                          parley_error *ret_error)
{
    Parley__V1__RegisterSigningKeyRequest request = PARLEY__V1__REGISTER_SIGNING_KEY_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.AdminService/RegisterSigningKey",
                                        .request = &request.base,
                                        .reply = &parley__v1__signing_key__descriptor,
                                        .convert = convert_key};
    parley_new_signing_key own;
    parley_status status = pl_request_take_struct(&own, sizeof own, new_key, new_key->struct_bytes, ret_error);
    if (status != PARLEY_OK)
        return status;
    request.app_id = pl_request_text(app_id);
    request.name = pl_request_text(own.name);
    request.algorithm = (Parley__V1__SigningAlgorithm)own.algorithm;
    request.secret.data = (uint8_t *)(uintptr_t)own.secret;
    request.secret.len = own.secret_bytes;
    request.public_key = pl_request_text(own.public_key);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_signing_key)), ret_key, ret_error);
}

parley_status parley_list_signing_keys(parley_client *client, const char *app_id, int page_size, const char *page_token,
                                       parley_signing_keys **ret_keys, parley_error *ret_error)
{
    Parley__V1__ListSigningKeysRequest request = PARLEY__V1__LIST_SIGNING_KEYS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.AdminService/ListSigningKeys",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_signing_keys_response__descriptor,
                                        .convert = convert_page,
                                        .repeatable = true};
    request.app_id = pl_request_text(app_id);
    request.page_size = page_size;
    request.page_token = pl_request_text(page_token);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_signing_keys)), ret_keys, ret_error);
}

parley_status parley_revoke_signing_key(parley_client *client, const char *app_id, const char *key_id,
                                        parley_signing_key **ret_key, parley_error *ret_error)
{
    Parley__V1__RevokeSigningKeyRequest request = PARLEY__V1__REVOKE_SIGNING_KEY_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.AdminService/RevokeSigningKey",
                                        .request = &request.base,
                                        .reply = &parley__v1__signing_key__descriptor,
                                        .convert = convert_key,
                                        .repeatable = true};
    request.app_id = pl_request_text(app_id);
    request.key_id = pl_request_text(key_id);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_signing_key)), ret_key, ret_error);
}
