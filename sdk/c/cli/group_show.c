/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley group show: one chat and its settings. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/terminal.h"

#define NAME_CHARS_MAX 255

static enum pl_cli_exit group_show(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_group_show = {
    .name = "group show",
    .arguments = "CHAT_ID",
    .summary = "Show a chat and its settings",
    .credentials = PL_CLI_AS_USER,
    .run = group_show,
};

static const char *who_may_join(parley_join_policy policy)
{
    if (policy == PARLEY_JOIN_API_KEY)
        return "whom the app's backend adds";
    return policy == PARLEY_JOIN_OPEN ? "whoever knows the id" : "who is added";
}

static const char *whoever_is(parley_role role)
{
    if (role == PARLEY_ROLE_OWNER)
        return "the owner";
    return role == PARLEY_ROLE_ADMIN ? "admins" : "everybody";
}

void pl_cli_show_chat(const struct pl_cli *cli, const parley_chat *chat)
{
    if (cli->json) {
        pl_json_print(pl_json_chat(chat));
        return;
    }
    printf("%s  %s of %d, %lld entries\n", chat->chat_id, chat->chat_type == PARLEY_CHAT_GROUP ? "group" : "chat",
           chat->participant_count, (long long)chat->last_seq);
    if (chat->message_ttl > 0)
        printf("messages     last %d seconds\n", chat->message_ttl);
    if (chat->chat_type != PARLEY_CHAT_GROUP)
        return;
    fputs("name         ", stdout);
    pl_terminal_put_excerpt(stdout, chat->name, NAME_CHARS_MAX);
    fputs("\ndescription  ", stdout);
    pl_terminal_put_text(stdout, chat->description);
    printf("\nmay join     %s\nnew members  %s\n", who_may_join(chat->join_policy),
           chat->history_for_new == PARLEY_HISTORY_ALL ? "see all that was before" : "see nothing from before");
    printf("may send     %s\nmay add      %s\nmay edit     %s\n", whoever_is(chat->who_may_send),
           whoever_is(chat->who_may_add), whoever_is(chat->who_may_edit));
    printf("receipts     %s\netag         %s\n",
           chat->read_receipts == PARLEY_READ_RECEIPTS_OFF ? "tell nobody what was read" : "tell members what was read",
           chat->etag);
}

static enum pl_cli_exit group_show(struct pl_cli *cli, int argc, char **argv)
{
    parley_chat *chat = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_get_chat(cli->client, argv[1], &chat, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    pl_cli_show_chat(cli, chat);
    parley_chat_free(chat);
    return PL_CLI_OK;
}
