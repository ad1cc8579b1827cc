/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley group add: new members, or other roles. */
#include <getopt.h>
#include <stdlib.h>

#include "sdk/c/cli/cli.h"

static enum pl_cli_exit group_add(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_group_add = {
    .name = "group add",
    .arguments = "[--role owner|admin|member] CHAT_ID USER_ID...",
    .summary = "Add members to a group, or give them a role",
    .details = "Admins add members; the owner also makes admins and may name another owner.\n",
    .credentials = PL_CLI_AS_USER,
    .run = group_add,
};

static enum pl_cli_exit group_add(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"role", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
    parley_role role = PARLEY_ROLE_UNSPECIFIED;
    parley_participants_update update;
    parley_new_participant *members;
    enum pl_cli_exit result;
    int flag;
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (flag != 'r' || !pl_cli_parse_role(optarg, &role))
            return pl_cli_usage(cli, flag == 'r' ? "--role must be owner, admin or member" : NULL);
    if (argc - optind < 2)
        return pl_cli_usage(cli, "CHAT_ID and at least one USER_ID are expected");
    parley_participants_update_init(&update);
    update.add_count = (size_t)(argc - optind - 1);
    members = pl_cli_members(argv + optind + 1, update.add_count, role);
    update.add = members;
    result = pl_cli_change_members(cli, argv[optind], &update);
    free(members);
    return result;
}
