/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin deactivate-user, reactivate-user: a user is kept out, and let in again. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit deactivate_user(struct pl_cli *cli, int argc, char **argv);
static enum pl_cli_exit reactivate_user(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_deactivate_user = {
    .name = "admin deactivate-user",
    .arguments = "USER_ID",
    .summary = "Keep a user out, until reactivated (API key)",
    .credentials = PL_CLI_AS_APP,
    .run = deactivate_user,
};

const struct pl_cli_command pl_cli_reactivate_user = {
    .name = "admin reactivate-user",
    .arguments = "USER_ID",
    .summary = "Let a deactivated user in again (API key)",
    .credentials = PL_CLI_AS_APP,
    .run = reactivate_user,
};

typedef parley_status (*user_call)(parley_client *client, const char *user_id, parley_user **ret_user,
                                   parley_error *ret_error);

static enum pl_cli_exit change(struct pl_cli *cli, int argc, char **argv, user_call call, const char *done)
{
    parley_user *user = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (call(cli->client, argv[1], &user, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_user(user));
    else
        puts(done);
    parley_user_free(user);
    return PL_CLI_OK;
}

static enum pl_cli_exit deactivate_user(struct pl_cli *cli, int argc, char **argv)
{
    return change(cli, argc, argv, parley_deactivate_user, "deactivated");
}

static enum pl_cli_exit reactivate_user(struct pl_cli *cli, int argc, char **argv)
{
    return change(cli, argc, argv, parley_reactivate_user, "reactivated");
}
