/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley group create: a group of the user and others. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit group_create(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_group_create = {
    .name = "group create",
    .arguments = "[--description TEXT] [--open] [--share-history] NAME USER_ID...",
    .summary = "Create a group; you are its owner",
    .details = "Prints the chat's id. --open: whoever knows it may join. --share-history: new members read what was\n"
               "there before them.\n",
    .credentials = PL_CLI_AS_USER,
    .run = group_create,
};

static enum pl_cli_exit create(struct pl_cli *cli, const parley_new_chat *new_chat)
{
    parley_chat *chat = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_create_chat(cli->client, new_chat, &chat, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_chat(chat));
    else
        printf("%s\n", chat->chat_id);
    parley_chat_free(chat);
    return PL_CLI_OK;
}

static enum pl_cli_exit group_create(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"description", required_argument, NULL, 'd'},
                                            {"open", no_argument, NULL, 'o'},
                                            {"share-history", no_argument, NULL, 's'},
                                            {NULL, 0, NULL, 0}};
    parley_new_chat new_chat;
    parley_new_participant *others;
    enum pl_cli_exit result;
    int flag;
    parley_new_chat_init(&new_chat);
    new_chat.chat_type = PARLEY_CHAT_GROUP;
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (flag == 'd')
            new_chat.description = optarg;
        else if (flag == 'o')
            new_chat.join_policy = PARLEY_JOIN_OPEN;
        else if (flag == 's')
            new_chat.history_for_new = PARLEY_HISTORY_ALL;
        else
            return pl_cli_usage(cli, NULL);
    if (argc - optind < 2)
        return pl_cli_usage(cli, "NAME and at least one USER_ID are expected");
    new_chat.name = argv[optind];
    new_chat.participant_count = (size_t)(argc - optind - 1);
    others = pl_cli_members(argv + optind + 1, new_chat.participant_count, PARLEY_ROLE_MEMBER);
    new_chat.participants = others;
    result = create(cli, &new_chat);
    free(others);
    return result;
}
