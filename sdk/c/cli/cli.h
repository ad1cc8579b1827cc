/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The `parley` command. It stands on the public header of the SDK only. Each command is a file with one entry of data;
 * main.c has the table, the global flags and the help.
 */
#ifndef PL_CLI_H
#define PL_CLI_H

#include <parley/parley.h>
#include <stdbool.h>

/* What a script can rely on; shown by --help. */
enum pl_cli_exit {
    PL_CLI_OK = 0,
    PL_CLI_REFUSED = 1,
    PL_CLI_USAGE = 2,
    PL_CLI_UNREACHABLE = 3,
    PL_CLI_CREDENTIALS = 4,
    PL_CLI_TIMED_OUT = 5,
    PL_CLI_INTERRUPTED = 130
};

/* Whose credentials a command is made for, when there are several. A user is a device, or an app that names one. */
enum pl_cli_credentials { PL_CLI_AS_USER, PL_CLI_AS_APP, PL_CLI_AS_DEVICE };

/* Settings: flag, else environment, else ~/.config/parley/credentials.json. Texts live as long as the process. */
struct pl_cli {
    const char *endpoint;
    const char *token;
    const char *token_command; /* prints a token whenever one is needed; NULL: none */
    const char *api_key;
    const char *acting_user;
    bool api_key_given; /* by flag */
    bool json;
    bool help;
    bool styled; /* standard output is a terminal that shows colours */
    int timeout_ms;
    const struct pl_cli_command *command;
    parley_client *client; /* after pl_cli_connect */
};

struct pl_cli_command {
    const char *name;
    const char *arguments; /* for the usage line */
    const char *summary;   /* one line */
    const char *details;   /* more lines for its own help; may be NULL */
    enum pl_cli_credentials credentials;
    /* argv[0] is the command's name. */
    enum pl_cli_exit (*run)(struct pl_cli *cli, int argc, char **argv);
};

extern const struct pl_cli_command pl_cli_login;
extern const struct pl_cli_command pl_cli_whoami;
extern const struct pl_cli_command pl_cli_settings;
extern const struct pl_cli_command pl_cli_presence;
extern const struct pl_cli_command pl_cli_send;
extern const struct pl_cli_command pl_cli_send_batch;
extern const struct pl_cli_command pl_cli_chat;
extern const struct pl_cli_command pl_cli_tail;
extern const struct pl_cli_command pl_cli_history;
extern const struct pl_cli_command pl_cli_chats;
extern const struct pl_cli_command pl_cli_heads;
extern const struct pl_cli_command pl_cli_sync;
extern const struct pl_cli_command pl_cli_ack;
extern const struct pl_cli_command pl_cli_show;
extern const struct pl_cli_command pl_cli_read;
extern const struct pl_cli_command pl_cli_receipts;
extern const struct pl_cli_command pl_cli_edit;
extern const struct pl_cli_command pl_cli_delete;
extern const struct pl_cli_command pl_cli_hide;
extern const struct pl_cli_command pl_cli_react;
extern const struct pl_cli_command pl_cli_reactions;
extern const struct pl_cli_command pl_cli_block;
extern const struct pl_cli_command pl_cli_unblock;
extern const struct pl_cli_command pl_cli_blocks;
extern const struct pl_cli_command pl_cli_group_create;
extern const struct pl_cli_command pl_cli_group_show;
extern const struct pl_cli_command pl_cli_group_update;
extern const struct pl_cli_command pl_cli_group_delete;
extern const struct pl_cli_command pl_cli_group_members;
extern const struct pl_cli_command pl_cli_group_set;
extern const struct pl_cli_command pl_cli_group_add;
extern const struct pl_cli_command pl_cli_group_remove;
extern const struct pl_cli_command pl_cli_group_join;
extern const struct pl_cli_command pl_cli_group_leave;
extern const struct pl_cli_command pl_cli_create_app;
extern const struct pl_cli_command pl_cli_get_app;
extern const struct pl_cli_command pl_cli_update_app;
extern const struct pl_cli_command pl_cli_create_key;
extern const struct pl_cli_command pl_cli_rotate_key;
extern const struct pl_cli_command pl_cli_register_signing_key;
extern const struct pl_cli_command pl_cli_list_signing_keys;
extern const struct pl_cli_command pl_cli_revoke_signing_key;
extern const struct pl_cli_command pl_cli_create_user;
extern const struct pl_cli_command pl_cli_get_user;
extern const struct pl_cli_command pl_cli_lookup_users;
extern const struct pl_cli_command pl_cli_update_user;
extern const struct pl_cli_command pl_cli_create_device;
extern const struct pl_cli_command pl_cli_rename_device;
extern const struct pl_cli_command pl_cli_create_token;
extern const struct pl_cli_command pl_cli_list_keys;
extern const struct pl_cli_command pl_cli_revoke_key;
extern const struct pl_cli_command pl_cli_list_users;
extern const struct pl_cli_command pl_cli_deactivate_user;
extern const struct pl_cli_command pl_cli_reactivate_user;
extern const struct pl_cli_command pl_cli_delete_user;
extern const struct pl_cli_command pl_cli_list_devices;
extern const struct pl_cli_command pl_cli_revoke_device;

/* ---- connect.c ---- */
/* Makes the client and sees that somebody answers; says what is wrong otherwise. */
enum pl_cli_exit pl_cli_connect(struct pl_cli *cli);
/* The same after a look at how many arguments there are, for commands that take a fixed number. */
enum pl_cli_exit pl_cli_connect_with(struct pl_cli *cli, int argument_count, int expected);

/* Whom a command acts for: the user of --as, or of the device's token. Says what is missing otherwise. */
enum pl_cli_exit pl_cli_own_user(const struct pl_cli *cli, char ret_user_id[PARLEY_ID_BYTES]);

/* ---- group_show.c ---- */
/* The chat with its settings: a line of JSON, or lines for people. */
void pl_cli_show_chat(const struct pl_cli *cli, const parley_chat *chat);

/* ---- group_update.c ---- */
/* "on", "off". */
bool pl_cli_parse_receipts(const char *text, parley_read_receipts *ret_receipts);

/* ---- group_change.c ---- */
/* "owner", "admin", "member". */
bool pl_cli_parse_role(const char *text, parley_role *ret_role);
/* One for each user id; freed with free. */
parley_new_participant *pl_cli_members(char **user_ids, size_t count, parley_role role);
/* Changes who is in the group, and says how many there are then. */
enum pl_cli_exit pl_cli_change_members(struct pl_cli *cli, const char *chat_id,
                                       const parley_participants_update *update);

/* ---- token_command.c ---- */
/* A parley_token_provider. command: a command of the shell; the first line that it prints is the token. */
int pl_cli_run_token_command(void *command, char *ret_token, size_t token_bytes);

/* ---- failure.c ---- */
/* Says why a call failed, in one sentence, and what may help; what is the exit code. */
enum pl_cli_exit pl_cli_fail(const struct pl_cli *cli, const parley_error *error);
/* Says how the command is used, after what is wrong with it (may be NULL). */
enum pl_cli_exit pl_cli_usage(const struct pl_cli *cli, const char *wrong);
/* A whole number within bounds; false otherwise. */
bool pl_cli_parse_int(const char *text, int min, int max, int *ret_number);

#endif
