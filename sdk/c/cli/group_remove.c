/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley group remove: members go. */
#include "sdk/c/cli/cli.h"

static enum pl_cli_exit group_remove(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_group_remove = {
    .name = "group remove",
    .arguments = "CHAT_ID USER_ID...",
    .summary = "Remove members from a group",
    .credentials = PL_CLI_AS_USER,
    .run = group_remove,
};

static enum pl_cli_exit group_remove(struct pl_cli *cli, int argc, char **argv)
{
    parley_participants_update update;
    if (argc < 3)
        return pl_cli_usage(cli, "CHAT_ID and at least one USER_ID are expected");
    parley_participants_update_init(&update);
    update.remove = (const char *const *)(argv + 2);
    update.remove_count = (size_t)(argc - 2);
    return pl_cli_change_members(cli, argv[1], &update);
}
