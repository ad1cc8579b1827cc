/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Sends one message: send_one TOKEN USER_ID TEXT. The server is $PARLEY_GRPC, or 127.0.0.1:50051. */
#include <parley/parley.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    parley_options *options = parley_options_new();
    parley_client *client = NULL;
    parley_message *message = NULL;
    parley_draft draft;
    parley_error error;

    if (argc != 4) {
        fprintf(stderr, "usage: send_one TOKEN USER_ID TEXT\n");
        return 2;
    }
    parley_options_set_endpoint(options, getenv("PARLEY_GRPC"));
    parley_options_set_token(options, argv[1]);
    parley_options_set_client_name(options, "send_one");
    if (parley_client_new(options, &client, &error) != PARLEY_OK) {
        fprintf(stderr, "%s\n", error.sentence);
        return 1;
    }
    parley_options_free(options);

    parley_draft_init(&draft);
    draft.recipient_id = argv[2];
    draft.text = argv[3];
    if (parley_send_message(client, &draft, &message, &error) != PARLEY_OK) {
        fprintf(stderr, "%s: %s\n", error.reason, error.sentence);
        parley_client_free(client);
        return 1;
    }
    printf("%s is number %lld of chat %s\n", message->message_id, (long long)message->seq, message->chat_id);
    parley_message_free(message);
    parley_client_free(client);
    return 0;
}
