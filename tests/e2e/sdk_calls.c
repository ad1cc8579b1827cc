/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Forms of the C SDK's calls that no command uses, against a real server: one app from its creation to its groups.
 * Arguments: endpoint, operator key. It ends with an assertion when something is not as it should be.
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
    OK(parley_list_messages_within(acting, chat_id, &filter, &page, &error));
    assert(page->count == 1 && strcmp(page->items[0]->message_id, results->items[0].message_id) == 0);
    parley_messages_free(page);
    parley_send_results_free(results);
}

static int64_t head_of(parley_client *acting, const char *chat_id)
{
    parley_heads *heads = NULL;
    int64_t last_seq = -1;
    OK(parley_list_heads(acting, 0, NULL, &heads, &error));
    for (size_t i = 0; i < heads->count; i++)
        if (strcmp(heads->items[i].chat_id, chat_id) == 0)
            last_seq = heads->items[i].last_seq;
    parley_heads_free(heads);
    return last_seq;
}

/* The whole set is said again without bob, then with him as an admin. */
static void try_whole_set(parley_client *acting, const char *chat_id, const char *alice, const char *bob)
{
    const parley_new_participant everybody[] = {{.user_id = alice}, {.user_id = bob, .role = PARLEY_ROLE_ADMIN}};
    parley_participants_update update;
    parley_membership *membership = NULL;
    parley_participants *page = NULL;
    parley_participants_update_init(&update);
    update.participants = everybody;
    update.participant_count = 1;
    OK(parley_update_participants(acting, chat_id, &update, &membership, &error));
    assert(membership->participant_count == 1 && membership->seq == head_of(acting, chat_id));
    update.participant_count = 2;
    OK(parley_update_participants(acting, chat_id, &update, NULL, &error));
    OK(parley_list_participants(acting, chat_id, 0, NULL, &page, &error));
    assert(page->count == 2 && page->items[0]->role == PARLEY_ROLE_OWNER);
    assert(strcmp(page->items[1]->user_id, bob) == 0 && page->items[1]->role == PARLEY_ROLE_ADMIN);
    parley_participants_free(page);
    parley_membership_free(membership);
}

/* The newest message of the chat must have this part for the device. */
static void check_part(parley_client *device, const char *chat_id, const char *content)
{
    parley_messages *page = NULL;
    OK(parley_list_messages(device, chat_id, 1, NULL, &page, &error));
    assert(page->items[0]->body == PARLEY_BODY_DEVICE_PART && strcmp(page->items[0]->content, content) == 0);
    parley_messages_free(page);
}

/* Each device gets its own part, of the message and of its edit. */
static void try_device_parts(parley_client *acting, parley_client *device, const char *device_id, const char *chat_id)
{
    char other[PARLEY_ID_BYTES];
    parley_device_part parts[] = {{other, "theirs", 6}, {device_id, "yours", 5}};
    parley_draft draft;
    parley_edit edit;
    parley_message *message = NULL;
    parley_id_make(other);
    parley_draft_init(&draft);
    draft.chat_id = chat_id;
    draft.device_parts = parts;
    assert(parley_send_message(acting, &draft, NULL, &error) == PARLEY_INVALID_CONTENT);
    draft.device_part_count = 2;
    OK(parley_send_message(acting, &draft, &message, &error));
    check_part(device, chat_id, "yours");
    parts[1].encrypted_content = "again";
    parley_edit_init(&edit);
    edit.device_parts = parts;
    edit.device_part_count = 2;
    OK(parley_edit_message(acting, message->message_id, &edit, NULL, &error));
    check_part(device, chat_id, "again");
    edit.text = "two bodies";
    assert(parley_edit_message(acting, message->message_id, &edit, NULL, &error) == PARLEY_INVALID_CONTENT);
    parts[1].device_id = "no id";
    assert(parley_send_message(acting, &draft, NULL, &error) == PARLEY_INVALID_ID);
    parley_message_free(message);
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

/* What the device has not acknowledged: once the chat is, nothing of it comes again. */
static void try_sync(parley_client *device, const char *chat_id)
{
    parley_sync_options options;
    parley_sync_page *page = NULL;
    parley_cursor ack = {.chat_id = chat_id};
    parley_sync_options_init(&options);
    OK(parley_sync(device, &options, &page, &error));
    for (size_t i = 0; i < page->entry_count; i++)
        if (strcmp(page->entries[i].chat_id, chat_id) == 0)
            assert(page->entries[i].seq == ++ack.seq);
    assert(ack.seq > 0 && !page->more && page->sync_token[0] != '\0');
    OK(parley_ack_sync(device, &ack, 1, &error));
    parley_sync_page_free(page);
    OK(parley_sync(device, &options, &page, &error));
    for (size_t i = 0; i < page->entry_count; i++)
        assert(strcmp(page->entries[i].chat_id, chat_id) != 0);
    parley_sync_page_free(page);
    ack.seq++;
    assert(parley_ack_sync(device, &ack, 1, &error) == PARLEY_INVALID_ARGUMENT);
}

/* With a device of bob's. */
static void try_parts_of(const char *endpoint, parley_client *backend, parley_client *acting, const char *bob)
{
    const parley_new_participant other = {.user_id = bob};
    parley_new_chat new_chat;
    parley_chat *chat = NULL;
    parley_device *phone = NULL;
    parley_token *token = NULL;
    parley_client *device = NULL;
    OK(parley_create_device(backend, bob, NULL, &phone, &error));
    OK(parley_create_token(backend, bob, phone->device_id, 0, &token, &error));
    parley_options *options = parley_options_new();
    parley_options_set_endpoint(options, endpoint);
    parley_options_set_token(options, token->token);
    OK(parley_client_new(options, &device, &error));
    parley_new_chat_init(&new_chat);
    new_chat.chat_type = PARLEY_CHAT_INDIVIDUAL;
    new_chat.participants = &other;
    new_chat.participant_count = 1;
    OK(parley_create_chat(acting, &new_chat, &chat, &error));
    try_device_parts(acting, device, phone->device_id, chat->chat_id);
    try_sync(device, chat->chat_id);
    parley_client_free(device);
    parley_options_free(options);
    parley_token_free(token);
    parley_device_free(phone);
    parley_chat_free(chat);
}

static void try_every_setting(parley_client *acting, const char *chat_id)
{
    const parley_metadata metadata = {.key = "topic", .value = "all of it"};
    parley_chat *chat = NULL;
    parley_chat_update update;
    parley_chat_update_init(&update);
    update.name = "Everybody";
    update.description = "";
    update.metadata = &metadata;
    update.metadata_count = 1;
    update.join_policy = PARLEY_JOIN_INVITE;
    update.history_for_new = PARLEY_HISTORY_ALL;
    update.who_may_send = PARLEY_ROLE_ADMIN;
    update.who_may_add = PARLEY_ROLE_OWNER;
    update.who_may_edit = PARLEY_ROLE_OWNER;
    update.read_receipts = PARLEY_READ_RECEIPTS_OFF;
    OK(parley_update_chat(acting, chat_id, &update, &chat, &error));
    assert(strcmp(chat->name, "Everybody") == 0 && chat->metadata_count == 1);
    assert(chat->join_policy == PARLEY_JOIN_INVITE && chat->history_for_new == PARLEY_HISTORY_ALL);
    assert(chat->who_may_send == PARLEY_ROLE_ADMIN && chat->who_may_add == PARLEY_ROLE_OWNER);
    assert(chat->who_may_edit == PARLEY_ROLE_OWNER && chat->read_receipts == PARLEY_READ_RECEIPTS_OFF);
    parley_chat_free(chat);
}

static void try_groups(parley_client *acting, const char *alice, const char *bob)
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
    try_whole_set(acting, chat->chat_id, alice, bob);
    parley_chat_update_init(&update);
    update.description = "now with a description";
    update.join_policy = PARLEY_JOIN_OPEN;
    update.etag = chat->etag;
    OK(parley_update_chat(acting, chat->chat_id, &update, &updated, &error));
    assert(updated->join_policy == PARLEY_JOIN_OPEN && strcmp(updated->name, "Team") == 0);
    try_every_setting(acting, chat->chat_id);
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
    parley_new_app new_app;
    parley_new_app_init(&new_app);
    new_app.name = "SDK";
    new_app.limits.user_messages_per_second = 500;
    OK(parley_create_app(root, &new_app, &app, &error));
    assert(app->limits.user_messages_per_second == 500 && app->limits.app_messages_per_second == 0);
    OK(parley_create_api_key(root, app->app_id, NULL, &key, &error));
    parley_client *backend = connect_as(argv[1], key->secret, NULL);
    make_user(backend, "alice", alice);
    make_user(backend, "bob", bob);
    parley_client *acting = connect_as(argv[1], key->secret, alice);
    try_apps(root, app->app_id);
    try_signing_keys(backend, app->app_id);
    try_users(backend, alice);
    try_groups(acting, alice, bob);
    try_parts_of(argv[1], backend, acting, bob);
    parley_client_free(acting);
    parley_client_free(backend);
    parley_client_free(root);
    parley_api_key_free(key);
    parley_app_free(app);
    puts("done");
    return 0;
}
