/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How the admin commands show what they work on. */
#include "sdk/c/cli/admin_show.h"

#include <stdio.h>

#include "sdk/c/cli/json.h"
#include "sdk/c/cli/terminal.h"

#define NAME_CHARS_MAX 64

static const char *algorithm_word(parley_signing_algorithm algorithm)
{
    static const char *const words[] = {"", "HS256", "ES256", "RS256", "EdDSA"};
    return (unsigned)algorithm < sizeof words / sizeof words[0] ? words[algorithm] : "";
}

json_t *pl_admin_json_app(const parley_app *app)
{
    const parley_app_limits *limits = &app->limits;
    return json_pack("{s:s, s:s, s:o, s:i, s:i, s:b, s:i, s:i, s:i, s:i, s:i, s:i}", "app_id", app->app_id, "name",
                     app->name, "created_at", pl_json_time(app->created_at_us), "max_group_members",
                     app->max_group_members, "retention_days", app->retention_days, "retention_until_delivered",
                     app->retention_until_delivered, "user_messages_per_second", limits->user_messages_per_second,
                     "user_bytes_per_second", limits->user_bytes_per_second, "user_creates_per_second",
                     limits->user_creates_per_second, "app_messages_per_second", limits->app_messages_per_second,
                     "app_bytes_per_second", limits->app_bytes_per_second, "app_creates_per_second",
                     limits->app_creates_per_second);
}

static json_t *json_signing_key(const parley_signing_key *key)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o}", "key_id", key->key_id, "app_id", key->app_id, "name",
                               key->name, "algorithm", algorithm_word(key->algorithm), "registered", key->registered,
                               "created_at", pl_json_time(key->created_at_us));
    if (key->revoked_at_us > 0)
        json_object_set_new(object, "revoked_at", pl_json_time(key->revoked_at_us));
    return object;
}

static void begin_line(const struct pl_cli *cli, const char *id, int64_t created_at_us)
{
    printf("%s  ", id);
    pl_terminal_set_style(stdout, cli->styled, PL_STYLE_DIM);
    pl_terminal_put_time(stdout, created_at_us);
    pl_terminal_set_style(stdout, cli->styled, PL_STYLE_PLAIN);
}

static void put_name(const char *name)
{
    if (name[0] == '\0')
        return;
    fputs("  ", stdout);
    pl_terminal_put_excerpt(stdout, name, NAME_CHARS_MAX);
}

/* "  revoked 2026-01-31 12:00:00"; nothing when it never was. */
static void put_since(const char *what, int64_t time_us)
{
    if (time_us <= 0)
        return;
    printf("  %s ", what);
    pl_terminal_put_time(stdout, time_us);
}

static void put_limit(const char *what, int per_second)
{
    if (per_second > 0)
        printf("  %s %d/s", what, per_second);
    else if (per_second < 0)
        printf("  %s without limit", what);
}

static void put_limits(const parley_app_limits *limits)
{
    put_limit("user messages", limits->user_messages_per_second);
    put_limit("user bytes", limits->user_bytes_per_second);
    put_limit("user creates", limits->user_creates_per_second);
    put_limit("app messages", limits->app_messages_per_second);
    put_limit("app bytes", limits->app_bytes_per_second);
    put_limit("app creates", limits->app_creates_per_second);
}

void pl_admin_show_app(const struct pl_cli *cli, const parley_app *app)
{
    if (cli->json) {
        pl_json_print(pl_admin_json_app(app));
        return;
    }
    begin_line(cli, app->app_id, app->created_at_us);
    printf("  groups up to %d", app->max_group_members);
    if (app->retention_days > 0)
        printf("  keeps messages for %d days", app->retention_days);
    if (app->retention_until_delivered)
        fputs("  until they are delivered", stdout);
    put_limits(&app->limits);
    put_name(app->name);
    putchar('\n');
}

void pl_admin_show_key(const struct pl_cli *cli, const parley_api_key *key)
{
    if (cli->json) {
        pl_json_print(pl_json_api_key(key));
        return;
    }
    begin_line(cli, key->key_id, key->created_at_us);
    put_since("revoked", key->revoked_at_us);
    put_since("secret before good until", key->previous_secret_until_us);
    put_name(key->name);
    putchar('\n');
}

void pl_admin_show_signing_key(const struct pl_cli *cli, const parley_signing_key *key)
{
    if (cli->json) {
        pl_json_print(json_signing_key(key));
        return;
    }
    begin_line(cli, key->key_id, key->created_at_us);
    printf("  %s  %s", algorithm_word(key->algorithm), key->registered ? "registered" : "Parley's own");
    put_since("revoked", key->revoked_at_us);
    put_name(key->name);
    putchar('\n');
}

void pl_admin_show_user(const struct pl_cli *cli, const parley_user *user)
{
    if (cli->json) {
        pl_json_print(pl_json_user(user));
        return;
    }
    begin_line(cli, user->user_id, user->created_at_us);
    put_since("deactivated", user->deactivated_at_us);
    put_since("deleted", user->deleted_at_us);
    put_name(user->username);
    put_name(user->phone_number);
    put_name(user->display_name);
    putchar('\n');
}

void pl_admin_show_device(const struct pl_cli *cli, const parley_device *device)
{
    if (cli->json) {
        pl_json_print(pl_json_device(device));
        return;
    }
    begin_line(cli, device->device_id, device->created_at_us);
    put_since("revoked", device->revoked_at_us);
    put_name(device->name);
    putchar('\n');
}
