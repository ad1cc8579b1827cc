/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What parley group add, remove and set share: one change of the members, and its answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

bool pl_cli_parse_role(const char *text, parley_role *ret_role)
{
    static const char *const words[] = {"owner", "admin", "member"};
    for (int i = 0; i < 3; i++)
        if (strcmp(text, words[i]) == 0) {
            *ret_role = (parley_role)(i + 1);
            return true;
        }
    return false;
}

parley_new_participant *pl_cli_members(char **user_ids, size_t count, parley_role role)
{
    parley_new_participant *members = calloc(count, sizeof *members);
    if (members == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        members[i] = (parley_new_participant){.user_id = user_ids[i], .role = role};
    return members;
}

enum pl_cli_exit pl_cli_change_members(struct pl_cli *cli, const char *chat_id,
                                       const parley_participants_update *update)
{
    parley_membership *membership = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_update_participants(cli->client, chat_id, update, &membership, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(json_pack("{s:s, s:I, s:i}", "chat_id", membership->chat_id, "seq", (json_int_t)membership->seq,
                                "participant_count", membership->participant_count));
    else
        printf("%d members\n", membership->participant_count);
    parley_membership_free(membership);
    return PL_CLI_OK;
}
