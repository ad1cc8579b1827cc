/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService: users; PresenceService. */
#include "parley/v1/presence_service.pb-c.h"
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"
#include "sdk/c/src/request.h"
#include "sdk/c/src/request_parts.h"

static void convert_user(void *ret_user, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    pl_convert_user(ret_user, (const Parley__V1__User *)reply, arena);
}

static const parley_user *const *convert_list(Parley__V1__User *const *users, size_t count, struct pl_arena *arena)
{
    const parley_user **items = pl_arena_array(arena, const parley_user *, count + 1);
    for (size_t i = 0; i < count; i++) {
        parley_user *user = pl_arena_new(arena, parley_user);
        pl_convert_user(user, users[i], arena);
        items[i] = user;
    }
    return items;
}

static void convert_page(void *ret_users, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__ListUsersResponse *page = (const Parley__V1__ListUsersResponse *)reply;
    *(parley_users *)ret_users = (parley_users){.items = convert_list(page->users, page->n_users, arena),
                                                .count = page->n_users,
                                                .next_page_token = page->next_page_token};
}

static void convert_found(void *ret_users, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__LookupUsersResponse *found = (const Parley__V1__LookupUsersResponse *)reply;
    *(parley_users *)ret_users = (parley_users){
        .items = convert_list(found->users, found->n_users, arena), .count = found->n_users, .next_page_token = ""};
}

parley_status parley_create_user(parley_client *client, const parley_new_user *new_user, parley_user **ret_user,
                                 parley_error *ret_error)
{
    parley_user *user = pl_reply_new(sizeof *user);
    Parley__V1__CreateUserRequest *request = NULL;
    parley_status status = pl_request_of_new_user(new_user, pl_reply_arena(user), &request, ret_error);
    if (status != PARLEY_OK) {
        parley_user_free(user);
        return status;
    }
    const struct pl_client_call call = {.path = "/parley.v1.UserService/CreateUser",
                                        .request = &request->base,
                                        .reply = &parley__v1__user__descriptor,
                                        .convert = convert_user};
    return pl_client_fetch(client, &call, user, ret_user, ret_error);
}

parley_status parley_get_user(parley_client *client, const char *user_id, parley_user **ret_user,
                              parley_error *ret_error)
{
    Parley__V1__GetUserRequest request = PARLEY__V1__GET_USER_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/GetUser",
                                        .request = &request.base,
                                        .reply = &parley__v1__user__descriptor,
                                        .convert = convert_user,
                                        .repeatable = true};
    request.user_id = pl_request_text(user_id);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_user)), ret_user, ret_error);
}

static void convert_presence(void *ret_presence, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    (void)arena;
    pl_convert_presence(ret_presence, (const Parley__V1__Presence *)reply);
}

parley_status parley_get_presence(parley_client *client, const char *user_id, parley_presence **ret_presence,
                                  parley_error *ret_error)
{
    Parley__V1__GetPresenceRequest request = PARLEY__V1__GET_PRESENCE_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.PresenceService/GetPresence",
                                        .request = &request.base,
                                        .reply = &parley__v1__presence__descriptor,
                                        .convert = convert_presence,
                                        .repeatable = true};
    request.user_id = pl_request_text(user_id);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_presence)), ret_presence, ret_error);
}

parley_status parley_list_users(parley_client *client, int page_size, const char *page_token, parley_users **ret_users,
                                parley_error *ret_error)
{
    Parley__V1__ListUsersRequest request = PARLEY__V1__LIST_USERS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/ListUsers",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_users_response__descriptor,
                                        .convert = convert_page,
                                        .repeatable = true};
    request.page_size = page_size;
    request.page_token = pl_request_text(page_token);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_users)), ret_users, ret_error);
}

parley_status parley_lookup_users(parley_client *client, const parley_lookup *lookup, parley_users **ret_users,
                                  parley_error *ret_error)
{
    Parley__V1__LookupUsersRequest request = PARLEY__V1__LOOKUP_USERS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/LookupUsers",
                                        .request = &request.base,
                                        .reply = &parley__v1__lookup_users_response__descriptor,
                                        .convert = convert_found,
                                        .repeatable = true};
    parley_lookup own;
    parley_users *users;
    parley_status status = pl_request_take_struct(&own, sizeof own, lookup, lookup->struct_bytes, ret_error);
    if (status != PARLEY_OK)
        return status;
    users = pl_reply_new(sizeof *users);
    request.usernames = (char **)(uintptr_t)own.usernames;
    request.n_usernames = own.username_count;
    request.phone_numbers = (char **)(uintptr_t)own.phone_numbers;
    request.n_phone_numbers = own.phone_number_count;
    return pl_client_fetch(client, &call, users, ret_users, ret_error);
}

static void set_update(Parley__V1__UpdateUserRequest *request, struct pl_request_mask *mask,
                       const parley_user_update *update, struct pl_arena *arena)
{
    pl_request_mask_init(mask);
    pl_request_mask_put(mask, "username", update->username != NULL);
    pl_request_mask_put(mask, "phone_number", update->phone_number != NULL);
    pl_request_mask_put(mask, "display_name", update->display_name != NULL);
    pl_request_mask_put(mask, "about", update->about != NULL);
    pl_request_mask_put(mask, "avatar_url", update->avatar_url != NULL);
    pl_request_mask_put(mask, "metadata", update->metadata != NULL);
    request->username = pl_request_text(update->username);
    request->phone_number = pl_request_text(update->phone_number);
    request->display_name = pl_request_text(update->display_name);
    request->about = pl_request_text(update->about);
    request->avatar_url = pl_request_text(update->avatar_url);
    PL_REQUEST_SET_METADATA(request, update, Parley__V1__UpdateUserRequest__MetadataEntry,
                            parley__v1__update_user_request__metadata_entry__init, arena);
    request->settings = pl_arena_new(arena, Parley__V1__UserSettings);
    parley__v1__user_settings__init(request->settings);
    request->settings->read_receipts = (Parley__V1__ReadReceipts)update->read_receipts;
    request->settings->presence = (Parley__V1__PresenceAudience)update->presence;
    pl_request_mask_put(mask, "settings.read_receipts", update->read_receipts != PARLEY_READ_RECEIPTS_UNSPECIFIED);
    pl_request_mask_put(mask, "settings.presence", update->presence != PARLEY_PRESENCE_AUDIENCE_UNSPECIFIED);
    request->update_mask = &mask->mask;
}

parley_status parley_update_user(parley_client *client, const char *user_id, const parley_user_update *update,
                                 parley_user **ret_user, parley_error *ret_error)
{
    Parley__V1__UpdateUserRequest request = PARLEY__V1__UPDATE_USER_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/UpdateUser",
                                        .request = &request.base,
                                        .reply = &parley__v1__user__descriptor,
                                        .convert = convert_user,
                                        .repeatable = true};
    struct pl_request_mask mask;
    parley_user_update own;
    parley_user *user;
    parley_status status = pl_request_take_struct(&own, sizeof own, update, update->struct_bytes, ret_error);
    if (status != PARLEY_OK)
        return status;
    user = pl_reply_new(sizeof *user);
    set_update(&request, &mask, &own, pl_reply_arena(user));
    request.user_id = pl_request_text(user_id);
    return pl_client_fetch(client, &call, user, ret_user, ret_error);
}

parley_status parley_deactivate_user(parley_client *client, const char *user_id, parley_user **ret_user,
                                     parley_error *ret_error)
{
    Parley__V1__DeactivateUserRequest request = PARLEY__V1__DEACTIVATE_USER_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/DeactivateUser",
                                        .request = &request.base,
                                        .reply = &parley__v1__user__descriptor,
                                        .convert = convert_user,
                                        .repeatable = true};
    request.user_id = pl_request_text(user_id);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_user)), ret_user, ret_error);
}

parley_status parley_reactivate_user(parley_client *client, const char *user_id, parley_user **ret_user,
                                     parley_error *ret_error)
{
    Parley__V1__ReactivateUserRequest request = PARLEY__V1__REACTIVATE_USER_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/ReactivateUser",
                                        .request = &request.base,
                                        .reply = &parley__v1__user__descriptor,
                                        .convert = convert_user,
                                        .repeatable = true};
    request.user_id = pl_request_text(user_id);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_user)), ret_user, ret_error);
}

parley_status parley_delete_user(parley_client *client, const char *user_id, parley_error *ret_error)
{
    Parley__V1__DeleteUserRequest request = PARLEY__V1__DELETE_USER_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/DeleteUser",
                                        .request = &request.base,
                                        .reply = &parley__v1__delete_user_response__descriptor};
    request.user_id = pl_request_text(user_id);
    return pl_client_fetch_value(client, &call, NULL, ret_error);
}
