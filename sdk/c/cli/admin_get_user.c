/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin get-user: one user of the app, by id. */
#include "sdk/c/cli/admin_show.h"
#include "sdk/c/cli/cli.h"

static enum pl_cli_exit get_user(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_get_user = {
    .name = "admin get-user",
    .arguments = "USER_ID",
    .summary = "Show a user (API key)",
    .details = "Also one who is deactivated or deleted.\n",
    .credentials = PL_CLI_AS_APP,
    .run = get_user,
};

static enum pl_cli_exit get_user(struct pl_cli *cli, int argc, char **argv)
{
    parley_user *user = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_get_user(cli->client, argv[1], &user, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    pl_admin_show_user(cli, user);
    parley_user_free(user);
    return PL_CLI_OK;
}
