/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService: API keys. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"

static void convert_created(void *ret_key, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__CreateApiKeyResponse *response = (const Parley__V1__CreateApiKeyResponse *)reply;
    (void)arena;
    pl_convert_api_key(ret_key, response->api_key, response->secret);
}

static void convert_rotated(void *ret_key, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__RotateApiKeyResponse *response = (const Parley__V1__RotateApiKeyResponse *)reply;
    (void)arena;
    pl_convert_api_key(ret_key, response->api_key, response->secret);
}

static void convert_revoked(void *ret_key, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    (void)arena;
    pl_convert_api_key(ret_key, (const Parley__V1__ApiKey *)reply, "");
}

static void convert_page(void *ret_keys, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__ListApiKeysResponse *page = (const Parley__V1__ListApiKeysResponse *)reply;
    const parley_api_key **items = pl_arena_array(arena, const parley_api_key *, page->n_api_keys + 1);
    for (size_t i = 0; i < page->n_api_keys; i++) {
        parley_api_key *key = pl_arena_new(arena, parley_api_key);
        pl_convert_api_key(key, page->api_keys[i], "");
        items[i] = key;
    }
    *(parley_api_keys *)ret_keys =
        (parley_api_keys){.items = items, .count = page->n_api_keys, .next_page_token = page->next_page_token};
}

/* A key that nobody wants is freed as one, for its secret's sake. */
static parley_status fetch_key(parley_client *client, const struct pl_client_call *call, parley_api_key **ret_key,
                               parley_error *ret_error)
{
    parley_api_key *key = NULL;
    parley_status status = pl_client_fetch(client, call, pl_reply_new(sizeof *key), &key, ret_error);
    if (ret_key == NULL)
        parley_api_key_free(key);
    else if (status == PARLEY_OK)
        *ret_key = key;
    return status;
}

parley_status parley_create_api_key(parley_client *client, const char *app_id, const char *name,
                                    parley_api_key **ret_key, parley_error *ret_error)
{
    Parley__V1__CreateApiKeyRequest request = PARLEY__V1__CREATE_API_KEY_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.AdminService/CreateApiKey",
                                        .request = &request.base,
                                        .reply = &parley__v1__create_api_key_response__descriptor,
                                        .convert = convert_created};
    request.app_id = pl_request_text(app_id);
    request.name = pl_request_text(name);
    return fetch_key(client, &call, ret_key, ret_error);
}

parley_status parley_list_api_keys(parley_client *client, const char *app_id, int page_size, const char *page_token,
                                   parley_api_keys **ret_keys, parley_error *ret_error)
{
    Parley__V1__ListApiKeysRequest request = PARLEY__V1__LIST_API_KEYS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.AdminService/ListApiKeys",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_api_keys_response__descriptor,
                                        .convert = convert_page,
                                        .repeatable = true};
    request.app_id = pl_request_text(app_id);
    request.page_size = page_size;
    request.page_token = pl_request_text(page_token);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_api_keys)), ret_keys, ret_error);
}

parley_status parley_rotate_api_key(parley_client *client, const char *app_id, const char *key_id, int grace_seconds,
                                    parley_api_key **ret_key, parley_error *ret_error)
{
    Parley__V1__RotateApiKeyRequest request = PARLEY__V1__ROTATE_API_KEY_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.AdminService/RotateApiKey",
                                        .request = &request.base,
                                        .reply = &parley__v1__rotate_api_key_response__descriptor,
                                        .convert = convert_rotated};
    request.app_id = pl_request_text(app_id);
    request.key_id = pl_request_text(key_id);
    request.grace_seconds = grace_seconds;
    return fetch_key(client, &call, ret_key, ret_error);
}

parley_status parley_revoke_api_key(parley_client *client, const char *app_id, const char *key_id,
                                    parley_api_key **ret_key, parley_error *ret_error)
{
    Parley__V1__RevokeApiKeyRequest request = PARLEY__V1__REVOKE_API_KEY_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.AdminService/RevokeApiKey",
                                        .request = &request.base,
                                        .reply = &parley__v1__api_key__descriptor,
                                        .convert = convert_revoked,
                                        .repeatable = true};
    request.app_id = pl_request_text(app_id);
    request.key_id = pl_request_text(key_id);
    return fetch_key(client, &call, ret_key, ret_error);
}
