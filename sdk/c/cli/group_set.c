/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley group set: who is in a group, all at once. */
#include <stdlib.h>
#include <string.h>

#include "sdk/c/cli/cli.h"

static enum pl_cli_exit group_set(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_group_set = {
    .name = "group set",
    .arguments = "CHAT_ID USER_ID[=owner|admin|member]...",
    .summary = "Say who is in a group: who is not named leaves",
    .details = "You stay in any case. Without a role, members keep the one that they have and new ones are members.\n",
    .credentials = PL_CLI_AS_USER,
    .run = group_set,
};

/* Cuts the role off its user id; false when it is none. */
static bool take_role(parley_new_participant *member, char *argument)
{
    char *role = strchr(argument, '=');
    if (role == NULL)
        return true;
    *role = '\0';
    return pl_cli_parse_role(role + 1, &member->role);
}

static enum pl_cli_exit group_set(struct pl_cli *cli, int argc, char **argv)
{
    parley_participants_update update;
    parley_new_participant *members;
    bool roles_are_good = true;
    enum pl_cli_exit result;
    if (argc < 3)
        return pl_cli_usage(cli, "CHAT_ID and at least one USER_ID are expected");
    parley_participants_update_init(&update);
    update.participant_count = (size_t)(argc - 2);
    members = pl_cli_members(argv + 2, update.participant_count, PARLEY_ROLE_UNSPECIFIED);
    for (int i = 2; i < argc; i++)
        roles_are_good = take_role(&members[i - 2], argv[i]) && roles_are_good;
    update.participants = members;
    if (roles_are_good)
        result = pl_cli_change_members(cli, argv[1], &update);
    else
        result = pl_cli_usage(cli, "a role must be owner, admin or member");
    free(members);
    return result;
}
