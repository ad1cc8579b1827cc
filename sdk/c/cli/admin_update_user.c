/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin update-user: a user's profile. */
#include <getopt.h>

#include "sdk/c/cli/admin_show.h"
#include "sdk/c/cli/cli.h"

static enum pl_cli_exit update_user(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_update_user = {
    .name = "admin update-user",
    .arguments = "[--username NAME] [--phone-number NUMBER] [--display-name NAME] [--about TEXT] [--avatar-url URL] "
                 "USER_ID",
    .summary = "Change a user's profile (API key)",
    .details = "What is not named stays as it is; an empty value empties it. Shows the user as they are then.\n",
    .credentials = PL_CLI_AS_APP,
    .run = update_user,
};

/* Where the value of a flag goes; NULL: there is no such flag. */
static const char **field_of(parley_user_update *changes, int flag)
{
    switch (flag) {
    case 'u':
        return &changes->username;
    case 'p':
        return &changes->phone_number;
    case 'd':
        return &changes->display_name;
    case 'b':
        return &changes->about;
    case 'r':
        return &changes->avatar_url;
    default:
        return NULL;
    }
}

static enum pl_cli_exit update(struct pl_cli *cli, const char *user_id, const parley_user_update *changes)
{
    parley_user *user = NULL;
    parley_error error;
    if (parley_update_user(cli->client, user_id, changes, &user, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    pl_admin_show_user(cli, user);
    parley_user_free(user);
    return PL_CLI_OK;
}

static enum pl_cli_exit update_user(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {
        {"username", required_argument, NULL, 'u'},     {"phone-number", required_argument, NULL, 'p'},
        {"display-name", required_argument, NULL, 'd'}, {"about", required_argument, NULL, 'b'},
        {"avatar-url", required_argument, NULL, 'r'},   {NULL, 0, NULL, 0}};
    parley_user_update changes;
    enum pl_cli_exit connected;
    bool changed = false;
    int flag;
    parley_user_update_init(&changes);
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char **field = field_of(&changes, flag);
        if (field == NULL)
            return pl_cli_usage(cli, NULL);
        *field = optarg;
        changed = true;
    }
    if (!changed)
        return pl_cli_usage(cli, "nothing is to change");
    connected = pl_cli_connect_with(cli, argc - optind, 1);
    return connected == PL_CLI_OK ? update(cli, argv[optind], &changes) : connected;
}
