/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * parley send: one message, answered when it is on disk. --wait asks for the message's status until the tick is there.
 * It does not open a stream for that: a stream would take over the device's other one (a running `parley tail`), and
 * would acknowledge messages that nobody has seen.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/terminal.h"

#define POLL_MS_FIRST 50
#define POLL_MS_MAX 1000

static enum pl_cli_exit send_message(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_send = {
    .name = "send",
    .arguments = "[--chat] [--wait delivered|read] [--message-id ID] [--flag FLAG]... TO TEXT",
    .summary = "Send a message",
    .details = "TO is a user id; with --chat, a chat id. TEXT - reads standard input to its end.\n"
               "Prints the message id and a tick when the message is on disk. --wait goes on until the recipient's\n"
               "device has it (or the recipient has read it), at most --timeout seconds.\n"
               "--message-id makes a send that can be repeated: the same id and text are stored once.\n"
               "FLAG: countable (counted as unread; so is a message without flags), urgent, ephemeral.\n",
    .credentials = PL_CLI_AS_USER,
    .run = send_message,
};

struct flags {
    bool chat;
    parley_message_status wait;
    const char *message_id;
    unsigned flags; /* of parley_message_flag */
};

static bool parse_wait(const char *text, parley_message_status *ret_wait)
{
    if (strcmp(text, "delivered") == 0)
        *ret_wait = PARLEY_MESSAGE_STATUS_DELIVERED;
    else if (strcmp(text, "read") == 0)
        *ret_wait = PARLEY_MESSAGE_STATUS_READ;
    else if (strcmp(text, "sent") == 0)
        *ret_wait = PARLEY_MESSAGE_STATUS_SENT;
    else
        return false;
    return true;
}

static bool parse_flag(const char *text, unsigned *ret_flags)
{
    static const char *const words[] = {"countable", "urgent", "ephemeral"};
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(text, words[i]) == 0) {
            *ret_flags |= 1u << i;
            return true;
        }
    return false;
}

static bool parse_flags(int argc, char **argv, struct flags *ret_flags)
{
    static const struct option options[] = {{"chat", no_argument, NULL, 'c'},
                                            {"wait", required_argument, NULL, 'w'},
                                            {"message-id", required_argument, NULL, 'm'},
                                            {"flag", required_argument, NULL, 'f'},
                                            {NULL, 0, NULL, 0}};
    int flag;
    *ret_flags = (struct flags){.wait = PARLEY_MESSAGE_STATUS_SENT};
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (flag == 'c')
            ret_flags->chat = true;
        else if (flag == 'm')
            ret_flags->message_id = optarg;
        else if (flag == 'f' && parse_flag(optarg, &ret_flags->flags))
            continue;
        else if (flag != 'w' || !parse_wait(optarg, &ret_flags->wait))
            return false;
    return true;
}

/* Standard input to its end, without the last line break; NULL when it is too long or has NUL. */
static char *read_text(void)
{
    char *text = malloc(PARLEY_CONTENT_BYTES_MAX + 2);
    size_t bytes;
    if (text == NULL)
        return NULL;
    bytes = fread(text, 1, PARLEY_CONTENT_BYTES_MAX + 2, stdin);
    if (bytes > 0 && bytes < PARLEY_CONTENT_BYTES_MAX + 2 && text[bytes - 1] == '\n')
        bytes--;
    if (bytes > PARLEY_CONTENT_BYTES_MAX || memchr(text, '\0', bytes) != NULL) {
        free(text);
        return NULL;
    }
    text[bytes] = '\0';
    return text;
}

static void tell(const struct pl_cli *cli, const parley_message *message)
{
    if (cli->json) {
        pl_json_print(pl_json_message(message));
        return;
    }
    printf("%s ", message->message_id);
    pl_terminal_set_style(stdout, cli->styled && message->status == PARLEY_MESSAGE_STATUS_READ, PL_STYLE_BLUE);
    if (message->status == PARLEY_MESSAGE_STATUS_READ)
        fputs("✓✓ read", stdout);
    else if (message->status == PARLEY_MESSAGE_STATUS_DELIVERED)
        fputs("✓✓ delivered", stdout);
    else
        fputs("✓", stdout);
    pl_terminal_set_style(stdout, cli->styled && message->status == PARLEY_MESSAGE_STATUS_READ, PL_STYLE_PLAIN);
    putchar('\n');
    fflush(stdout);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

/* Takes message; asks at growing intervals until it has come as far as was wanted. */
static enum pl_cli_exit wait_for(const struct pl_cli *cli, parley_message *message, parley_message_status wanted)
{
    parley_error error = {.status = PARLEY_OK};
    int64_t end_ms = now_ms() + cli->timeout_ms;
    char message_id[PARLEY_ID_BYTES];
    snprintf(message_id, sizeof message_id, "%s", message->message_id);
    for (int ms = POLL_MS_FIRST; message != NULL && message->status < wanted && now_ms() < end_ms;
         ms = ms * 2 < POLL_MS_MAX ? ms * 2 : POLL_MS_MAX) {
        pause_ms(ms);
        parley_message_free(message);
        message = NULL;
        parley_get_message(cli->client, message_id, &message, &error);
    }
    if (message == NULL)
        return pl_cli_fail(cli, &error);
    bool came = message->status >= wanted;
    tell(cli, message);
    parley_message_free(message);
    if (!came)
        fprintf(stderr, "parley: sent, but not %s within %d seconds\n", pl_json_status_word(wanted),
                cli->timeout_ms / 1000);
    return came ? PL_CLI_OK : PL_CLI_TIMED_OUT;
}

static enum pl_cli_exit run(struct pl_cli *cli, const struct flags *flags, const char *to, const char *text)
{
    parley_draft draft;
    parley_error error;
    parley_message *message = NULL;
    enum pl_cli_exit connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    parley_draft_init(&draft);
    draft.chat_id = flags->chat ? to : NULL;
    draft.recipient_id = flags->chat ? NULL : to;
    draft.message_id = flags->message_id;
    draft.text = text;
    draft.flags = flags->flags;
    if (parley_send_message(cli->client, &draft, &message, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    return wait_for(cli, message, flags->wait);
}

static enum pl_cli_exit send_message(struct pl_cli *cli, int argc, char **argv)
{
    struct flags flags;
    char *piped = NULL;
    enum pl_cli_exit result;
    if (!parse_flags(argc, argv, &flags))
        return pl_cli_usage(cli, NULL);
    if (argc - optind != 2)
        return pl_cli_usage(cli, "TO and TEXT are expected (quote a text with spaces)");
    if (strcmp(argv[optind + 1], "-") == 0) {
        piped = read_text();
        if (piped == NULL)
            return pl_cli_usage(cli, "standard input is longer than 65536 bytes, or not text");
    }
    result = run(cli, &flags, argv[optind], piped != NULL ? piped : argv[optind + 1]);
    free(piped);
    return result;
}
