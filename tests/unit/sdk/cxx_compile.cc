/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The public headers are C++ and warn about nothing; the library answers to it. */
#include <cstdio>
#include <cstring>
#include <parley/parley.h>

int main()
{
    parley_draft draft;
    parley_new_user user;
    parley_new_chat chat;
    parley_stream_callbacks callbacks;
    parley_app_update app_update;
    parley_user_update user_update;
    parley_lookup lookup;
    parley_new_signing_key signing_key;
    parley_chat_update chat_update;
    parley_participants_update participants_update;
    parley_message_filter filter;
    parley_edit edit;
    parley_draft_init(&draft);
    parley_new_user_init(&user);
    parley_new_chat_init(&chat);
    parley_stream_callbacks_init(&callbacks);
    parley_app_update_init(&app_update);
    parley_user_update_init(&user_update);
    parley_lookup_init(&lookup);
    parley_new_signing_key_init(&signing_key);
    parley_chat_update_init(&chat_update);
    parley_participants_update_init(&participants_update);
    parley_message_filter_init(&filter);
    parley_edit_init(&edit);
    callbacks.on_message = [](void *, const parley_message *) { return 0; };

    char id[PARLEY_ID_BYTES];
    parley_id_make(id);
    parley_options *options = parley_options_new();
    parley_options_set_endpoint(options, "no port");
    parley_options_set_token_provider(
        options, [](void *, char *, size_t) { return -1; }, nullptr);
    parley_client *client = nullptr;
    parley_error error;
    bool refused = parley_client_new(options, &client, &error) == PARLEY_INVALID_ARGUMENT;
    parley_options_free(options);
    return refused && std::strlen(id) == PARLEY_ID_BYTES - 1 && std::strlen(error.sentence) > 0 ? 0 : 1;
}
