/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin lookup-users: users by the names that people know. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "sdk/c/cli/admin_show.h"
#include "sdk/c/cli/cli.h"

static enum pl_cli_exit lookup_users(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_lookup_users = {
    .name = "admin lookup-users",
    .arguments = "[--phone-number NUMBER]... [USERNAME]...",
    .summary = "Find users by username or phone number, 100 at most (API key)",
    .details = "Who is not there is not shown, and is no error.\n",
    .credentials = PL_CLI_AS_APP,
    .run = lookup_users,
};

static enum pl_cli_exit look_up(struct pl_cli *cli, const parley_lookup *lookup)
{
    parley_users *users = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_lookup_users(cli->client, lookup, &users, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    for (size_t i = 0; i < users->count; i++)
        pl_admin_show_user(cli, users->items[i]);
    parley_users_free(users);
    return PL_CLI_OK;
}

static enum pl_cli_exit look_up_arguments(struct pl_cli *cli, int argc, char **argv, const char **phone_numbers)
{
    static const struct option options[] = {{"phone-number", required_argument, NULL, 'p'}, {NULL, 0, NULL, 0}};
    parley_lookup lookup;
    int flag;
    parley_lookup_init(&lookup);
    lookup.phone_numbers = phone_numbers;
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (flag != 'p')
            return pl_cli_usage(cli, NULL);
        phone_numbers[lookup.phone_number_count++] = optarg;
    }
    lookup.usernames = (const char *const *)(argv + optind);
    lookup.username_count = (size_t)(argc - optind);
    if (lookup.username_count + lookup.phone_number_count == 0)
        return pl_cli_usage(cli, "a USERNAME or a phone number is expected");
    return look_up(cli, &lookup);
}

static enum pl_cli_exit lookup_users(struct pl_cli *cli, int argc, char **argv)
{
    const char **phone_numbers = calloc((size_t)argc, sizeof *phone_numbers);
    enum pl_cli_exit result = PL_CLI_REFUSED;
    if (phone_numbers == NULL)
        fputs("parley: out of memory\n", stderr);
    else
        result = look_up_arguments(cli, argc, argv, phone_numbers);
    free(phone_numbers);
    return result;
}
