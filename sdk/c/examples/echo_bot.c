/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Answers every text with the same text: echo_bot TOKEN USER_ID, where USER_ID is the bot's own. Ctrl-C ends. */
#include <parley/parley.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bot {
    const char *user_id;
    parley_stream *stream;
};

static int on_message(void *userdata, const parley_message *message)
{
    struct bot *bot = userdata;
    parley_draft draft;
    if (message->body != PARLEY_BODY_TEXT || strcmp(message->sender_id, bot->user_id) == 0)
        return 0;
    parley_stream_type(bot->stream, message->chat_id, true, NULL);
    parley_draft_init(&draft);
    draft.chat_id = message->chat_id;
    draft.text = message->content;
    draft.reply_to_message_id = message->message_id;
    return parley_stream_send(bot->stream, &draft, NULL, NULL) == PARLEY_OK ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct bot bot = {.user_id = argc == 3 ? argv[2] : NULL};
    parley_options *options = parley_options_new();
    parley_client *client = NULL;
    parley_stream_callbacks callbacks;
    parley_error error;
    sigset_t signals;
    int number;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    parley_options_set_endpoint(options, getenv("PARLEY_GRPC"));
    parley_options_set_token(options, argc == 3 ? argv[1] : NULL);
    parley_stream_callbacks_init(&callbacks);
    callbacks.on_message = on_message;
    if (argc != 3 || parley_client_new(options, &client, &error) != PARLEY_OK ||
        parley_stream_open(client, &callbacks, &bot, &bot.stream, &error) != PARLEY_OK) {
        fprintf(stderr, argc != 3 ? "usage: echo_bot TOKEN USER_ID\n" : "echo_bot cannot start\n");
        return 1;
    }
    sigwait(&signals, &number);
    parley_stream_close(bot.stream);
    parley_client_free(client);
    parley_options_free(options);
    return 0;
}
