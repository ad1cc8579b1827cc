/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Calls of the C SDK that no command uses, against a real server: one app from its creation to the revocation of its
 * key. Arguments: endpoint, operator key. It ends with an assertion when something is not as it should be.
 */
#include <assert.h>
#include <parley/parley.h>
#include <stdio.h>
#include <stdlib.h>

#define OK(call) expect(call, #call)

static parley_error error;

static void expect(parley_status status, const char *call)
{
    if (status == PARLEY_OK)
        return;
    fprintf(stderr, "%s: %s: %s\n", call, error.reason, error.sentence);
    abort();
}

static parley_client *connect_as(const char *endpoint, const char *api_key, const char *acting_user)
{
    parley_client *client = NULL;
    parley_options *options = parley_options_new();
    parley_options_set_endpoint(options, endpoint);
    parley_options_set_api_key(options, api_key);
    parley_options_set_acting_user(options, acting_user);
    OK(parley_client_new(options, &client, &error));
    parley_options_free(options);
    return client;
}

static void copy_id(char ret_id[PARLEY_ID_BYTES], const char *id)
{
    snprintf(ret_id, PARLEY_ID_BYTES, "%s", id);
}

/* The app changes, and its key gets another secret. */
static void try_apps(parley_client *root, const char *app_id)
{
    parley_app_update update;
    parley_app *app = NULL;
    parley_api_key *key = NULL;
    parley_api_key *rotated = NULL;
    parley_app_update_init(&update);
    update.max_group_members = 7;
    OK(parley_update_app(root, app_id, &update, NULL, &error));
    OK(parley_get_app(root, app_id, &app, &error));
    assert(app->max_group_members == 7 && strcmp(app->name, "SDK") == 0);
    OK(parley_create_api_key(root, app_id, "second", &key, &error));
    OK(parley_rotate_api_key(root, app_id, key->key_id, 60, &rotated, &error));
    assert(strcmp(rotated->secret, key->secret) != 0 && rotated->previous_secret_until_us > 0);
    parley_api_key_free(rotated);
    parley_api_key_free(key);
    parley_app_free(app);
}

static void try_signing_keys(parley_client *app, const char *app_id)
{
    static const char secret[32] = "0123456789abcdef0123456789abcde";
    parley_new_signing_key new_key;
    parley_signing_key *key = NULL;
    parley_signing_keys *keys = NULL;
    parley_new_signing_key_init(&new_key);
    new_key.algorithm = PARLEY_SIGNING_HS256;
    new_key.secret = secret;
    new_key.secret_bytes = sizeof secret;
    OK(parley_register_signing_key(app, app_id, &new_key, &key, &error));
    assert(key->registered && key->algorithm == PARLEY_SIGNING_HS256);
    OK(parley_revoke_signing_key(app, app_id, key->key_id, NULL, &error));
    OK(parley_list_signing_keys(app, app_id, 1, NULL, &keys, &error));
    assert(keys->count == 1 && strcmp(keys->items[0]->key_id, key->key_id) == 0 && keys->items[0]->revoked_at_us > 0);
    parley_signing_keys_free(keys);
    parley_signing_key_free(key);
}

static void make_user(parley_client *app, const char *username, char ret_user_id[PARLEY_ID_BYTES])
{
    parley_new_user new_user;
    parley_user *user = NULL;
    parley_new_user_init(&new_user);
    new_user.username = username;
    new_user.about = "first";
    OK(parley_create_user(app, &new_user, &user, &error));
    copy_id(ret_user_id, user->user_id);
    parley_user_free(user);
}

static void try_users(parley_client *app, const char *alice)
{
    static const char *const names[] = {"alice", "nobody"};
    const parley_metadata metadata[] = {{"team", "red"}};
    parley_user_update update;
    parley_lookup lookup;
    parley_user *user = NULL;
    parley_users *found = NULL;
    parley_device *device = NULL;
    parley_user_update_init(&update);
    update.display_name = "Alice";
    update.about = "";
    update.metadata = metadata;
    update.metadata_count = 1;
    OK(parley_update_user(app, alice, &update, &user, &error));
    assert(strcmp(user->display_name, "Alice") == 0 && user->about[0] == '\0' && user->metadata_count == 1);
    parley_lookup_init(&lookup);
    lookup.usernames = names;
    lookup.username_count = 2;
    OK(parley_lookup_users(app, &lookup, &found, &error));
    assert(found->count == 1 && strcmp(found->items[0]->user_id, alice) == 0 && found->next_page_token[0] == '\0');
    OK(parley_create_device(app, alice, "phone", &device, &error));
    parley_device *renamed = NULL;
    OK(parley_rename_device(app, alice, device->device_id, "tablet", &renamed, &error));
    assert(strcmp(renamed->name, "tablet") == 0);
    parley_device_free(renamed);
    parley_device_free(device);
    parley_users_free(found);
    parley_user_free(user);
}

static void try_batch(parley_client *acting, const char *chat_id)
{
    parley_draft good;
    parley_draft stranger;
    const parley_draft *const drafts[] = {&good, &stranger, &good};
    parley_send_results *results = NULL;
    parley_message_filter filter;
    parley_messages *page = NULL;
    char unknown[PARLEY_ID_BYTES];
    parley_id_make(unknown);
    parley_draft_init(&good);
    good.chat_id = chat_id;
    good.text = "good";
    stranger = good;
    stranger.chat_id = unknown;
    OK(parley_send_messages(acting, drafts, 3, &results, &error));
    assert(results->count == 3 && results->items[0].error == NULL && results->items[2].error == NULL);
    assert(results->items[1].message == NULL && results->items[1].error->status == PARLEY_NOT_A_MEMBER);
    assert(strcmp(results->items[0].message_id, results->items[0].message->message_id) == 0);
    assert(results->items[2].message->seq == results->items[0].message->seq + 1);
    parley_message_filter_init(&filter);
    filter.before_message_id = results->items[2].message_id;
    filter.after_seq = results->items[0].message->seq - 1;
    OK(parley_list_messages_within(acting, chat_id, &filter, 0, NULL, &page, &error));
    assert(page->count == 1 && strcmp(page->items[0]->message_id, results->items[0].message_id) == 0);
    parley_messages_free(page);
    parley_send_results_free(results);
}

/* What the log of the group says of its settings. */
static void check_event(parley_client *acting, const char *chat_id)
{
    parley_messages *page = NULL;
    OK(parley_list_messages(acting, chat_id, 1, NULL, &page, &error));
    const parley_message *entry = page->items[0];
    assert(entry->kind == PARLEY_ENTRY_SETTINGS && entry->event != NULL && entry->event->fields_changed_count >= 1);
    parley_messages_free(page);
}

static void try_groups(parley_client *acting, const char *bob)
{
    const parley_new_participant others[] = {{.user_id = bob}};
    parley_new_chat new_chat;
    parley_chat *chat = NULL;
    parley_chat *updated = NULL;
    parley_chat_update update;
    parley_new_chat_init(&new_chat);
    new_chat.chat_type = PARLEY_CHAT_GROUP;
    new_chat.name = "Team";
    new_chat.participants = others;
    new_chat.participant_count = 1;
    OK(parley_create_chat(acting, &new_chat, &chat, &error));
    try_batch(acting, chat->chat_id);
    parley_chat_update_init(&update);
    update.description = "now with a description";
    update.join_policy = PARLEY_JOIN_OPEN;
    update.etag = chat->etag;
    OK(parley_update_chat(acting, chat->chat_id, &update, &updated, &error));
    assert(updated->join_policy == PARLEY_JOIN_OPEN && strcmp(updated->name, "Team") == 0);
    assert(parley_update_chat(acting, chat->chat_id, &update, NULL, &error) == PARLEY_ETAG_MISMATCH);
    check_event(acting, chat->chat_id);
    OK(parley_delete_chat(acting, chat->chat_id, &error));
    parley_chat_free(updated);
    parley_chat_free(chat);
}

int main(int argc, char **argv)
{
    char alice[PARLEY_ID_BYTES];
    char bob[PARLEY_ID_BYTES];
    parley_app *app = NULL;
    parley_api_key *key = NULL;
    assert(argc == 3);
    parley_client *root = connect_as(argv[1], argv[2], NULL);
    OK(parley_create_app(root, "SDK", &app, &error));
    OK(parley_create_api_key(root, app->app_id, NULL, &key, &error));
    parley_client *backend = connect_as(argv[1], key->secret, NULL);
    make_user(backend, "alice", alice);
    make_user(backend, "bob", bob);
    parley_client *acting = connect_as(argv[1], key->secret, alice);
    try_apps(root, app->app_id);
    try_signing_keys(backend, app->app_id);
    try_users(backend, alice);
    try_groups(acting, bob);
    parley_client_free(acting);
    parley_client_free(backend);
    parley_client_free(root);
    parley_api_key_free(key);
    parley_app_free(app);
    puts("done");
    return 0;
}
