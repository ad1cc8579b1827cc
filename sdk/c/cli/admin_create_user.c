/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin create-user: a user of an app. */
#include <getopt.h>
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit create_user(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_create_user = {
    .name = "admin create-user",
    .arguments = "[--display-name NAME] [--phone-number NUMBER] USERNAME",
    .summary = "Create a user (API key)",
    .details = "Prints the user's id.\n",
    .credentials = PL_CLI_AS_APP,
    .run = create_user,
};

static enum pl_cli_exit create(struct pl_cli *cli, const parley_new_user *new_user)
{
    parley_user *user = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_create_user(cli->client, new_user, &user, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_user(user));
    else
        printf("%s\n", user->user_id);
    parley_user_free(user);
    return PL_CLI_OK;
}

static enum pl_cli_exit create_user(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"display-name", required_argument, NULL, 'd'},
                                            {"phone-number", required_argument, NULL, 'p'},
                                            {NULL, 0, NULL, 0}};
    parley_new_user new_user;
    int flag;
    parley_new_user_init(&new_user);
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (flag == 'd')
            new_user.display_name = optarg;
        else if (flag == 'p')
            new_user.phone_number = optarg;
        else
            return pl_cli_usage(cli, NULL);
    if (argc - optind != 1)
        return pl_cli_usage(cli, "USERNAME is expected");
    new_user.username = argv[optind];
    return create(cli, &new_user);
}
