/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley group update: other properties for a group. */
#include <getopt.h>
#include <limits.h>
#include <string.h>

#include "sdk/c/cli/cli.h"

static enum pl_cli_exit group_update(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_group_update = {
    .name = "group update",
    .arguments = "[--name NAME] [--description TEXT] [--avatar-media-id ID] [--join invite|open|api_key]\n"
                 "         [--history none|all] [--may-send ROLE] [--may-add ROLE] [--may-edit ROLE]\n"
                 "         [--read-receipts on|off] [--message-ttl SECONDS] [--etag ETAG] CHAT_ID",
    .summary = "Change a group's name or settings",
    .details = "What is not named stays as it is; an empty text empties. --join open: whoever knows the id may join;\n"
               "api_key: only the app's backend adds members. --history all: new members read what was there before\n"
               "them. ROLE is owner, admin or member, and stands for those above, too. --read-receipts off: nobody\n"
               "learns what others have read. --message-ttl: messages from now on last that long, 5 seconds to a year; "
               "0: they\n"
               "stay; this one also for a chat of two. --etag: only when nobody has changed it since `parley group "
               "show` said\n"
               "this one.\n",
    .credentials = PL_CLI_AS_USER,
    .run = group_update,
};

static bool parse_join(const char *text, parley_join_policy *ret_policy)
{
    static const char *const words[] = {"invite", "open", "api_key"};
    for (int i = 0; i < 3; i++)
        if (strcmp(text, words[i]) == 0)
            *ret_policy = (parley_join_policy)(i + 1);
    return *ret_policy != PARLEY_JOIN_UNSPECIFIED;
}

bool pl_cli_parse_receipts(const char *text, parley_read_receipts *ret_receipts)
{
    *ret_receipts = strcmp(text, "off") == 0 ? PARLEY_READ_RECEIPTS_OFF : PARLEY_READ_RECEIPTS_ON;
    return *ret_receipts == PARLEY_READ_RECEIPTS_OFF || strcmp(text, "on") == 0;
}

static bool parse_history(const char *text, parley_history *ret_history)
{
    *ret_history = strcmp(text, "all") == 0 ? PARLEY_HISTORY_ALL : PARLEY_HISTORY_NONE;
    return *ret_history == PARLEY_HISTORY_ALL || strcmp(text, "none") == 0;
}

static bool take_flag(int flag, const char *value, parley_chat_update *update)
{
    switch (flag) {
    case 'n':
        update->name = value;
        return true;
    case 'd':
        update->description = value;
        return true;
    case 'a':
        update->avatar_media_id = value;
        return true;
    case 'e':
        update->etag = value;
        return true;
    case 'j':
        return parse_join(value, &update->join_policy);
    case 'h':
        return parse_history(value, &update->history_for_new);
    case 'S':
        return pl_cli_parse_role(value, &update->who_may_send);
    case 'A':
        return pl_cli_parse_role(value, &update->who_may_add);
    case 'E':
        return pl_cli_parse_role(value, &update->who_may_edit);
    case 'r':
        return pl_cli_parse_receipts(value, &update->read_receipts);
    default:
        return false;
    }
}

static enum pl_cli_exit update_group(struct pl_cli *cli, const char *chat_id, const parley_chat_update *update)
{
    parley_chat *chat = NULL;
    parley_error error;
    if (parley_update_chat(cli->client, chat_id, update, &chat, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    pl_cli_show_chat(cli, chat);
    parley_chat_free(chat);
    return PL_CLI_OK;
}

static enum pl_cli_exit group_update(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"name", required_argument, NULL, 'n'},
                                            {"description", required_argument, NULL, 'd'},
                                            {"avatar-media-id", required_argument, NULL, 'a'},
                                            {"join", required_argument, NULL, 'j'},
                                            {"history", required_argument, NULL, 'h'},
                                            {"may-send", required_argument, NULL, 'S'},
                                            {"may-add", required_argument, NULL, 'A'},
                                            {"may-edit", required_argument, NULL, 'E'},
                                            {"read-receipts", required_argument, NULL, 'r'},
                                            {"message-ttl", required_argument, NULL, 't'},
                                            {"etag", required_argument, NULL, 'e'},
                                            {NULL, 0, NULL, 0}};
    parley_chat_update update;
    int message_ttl = 0;
    enum pl_cli_exit connected;
    bool changes = false;
    int flag;
    parley_chat_update_init(&update);
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (flag == 't' && !pl_cli_parse_int(optarg, 0, INT_MAX, &message_ttl))
            return pl_cli_usage(cli, "--message-ttl must be a number of seconds");
        if (flag == 't')
            update.message_ttl = &message_ttl;
        else if (!take_flag(flag, optarg, &update))
            return pl_cli_usage(cli, NULL);
        changes = changes || flag != 'e';
    }
    if (!changes)
        return pl_cli_usage(cli, "nothing is to change");
    connected = pl_cli_connect_with(cli, argc - optind, 1);
    return connected == PL_CLI_OK ? update_group(cli, argv[optind], &update) : connected;
}
