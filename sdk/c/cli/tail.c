/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * parley tail: what reaches this device, as it comes. A message is acknowledged when its line is written, so a tail
 * that is killed shows again what it did not show. Nothing is marked as read.
 */
#include <getopt.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/message_line.h"
#include "sdk/c/cli/wakeup.h"

static enum pl_cli_exit tail(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_tail = {
    .name = "tail",
    .arguments = "[--count N] [--until-caught-up] [--receipts] [--typing] [--presence USER_ID]",
    .summary = "Show messages as they reach this device",
    .details = "Every message is acknowledged when it has been printed; none is marked as read. --count ends after N\n"
               "messages, --until-caught-up when everything that was waiting has been printed; Ctrl-C always.\n"
               "--receipts also shows how far your own messages come: lines of their own, with --json as events.\n"
               "--typing shows who writes a message at the moment, --presence when this user comes and goes.\n"
               "This is the device's one stream: another tail or chat of the same device ends it.\n",
    .credentials = PL_CLI_AS_DEVICE,
    .run = tail,
};

struct tail {
    const struct pl_cli *cli;
    struct pl_names names;
    int left; /* stream's thread only */
    bool until_caught_up;
    bool receipts;
    bool typing;
    const char *watched;
    atomic_bool done;
    atomic_bool ended;
    parley_error error; /* valid when ended */
};

static void finish(atomic_bool *flag)
{
    atomic_store(flag, true);
    pl_wakeup_notify();
}

/* Refused once there is nobody to show it to: it comes again to the next tail. */
static int on_message(void *userdata, const parley_message *message)
{
    struct tail *tail = userdata;
    if (tail->left == 0)
        return -1;
    if (tail->cli->json)
        pl_json_print(pl_json_message(message));
    else
        pl_message_line_print(tail->cli, &tail->names, message);
    if (ferror(stdout)) {
        finish(&tail->done);
        tail->left = 0;
        return -1;
    }
    tail->left--;
    if (tail->left == 0)
        finish(&tail->done);
    return 0;
}

static void on_receipt(void *userdata, const parley_receipt *receipt)
{
    struct tail *tail = userdata;
    if (tail->cli->json) {
        pl_json_print(pl_json_receipt(receipt));
        return;
    }
    printf("[chat %s] ", receipt->chat_id);
    pl_names_put(&tail->names, stdout, receipt->user_id);
    printf(" has up to %lld, read up to %lld\n", (long long)receipt->delivered_seq, (long long)receipt->read_seq);
    fflush(stdout);
}

static void on_group_receipt(void *userdata, const parley_group_receipt *receipt)
{
    struct tail *tail = userdata;
    if (tail->cli->json) {
        pl_json_print(pl_json_group_receipt(receipt));
        return;
    }
    printf("[chat %s] %lld", receipt->chat_id, (long long)receipt->first_seq);
    if (receipt->last_seq > receipt->first_seq)
        printf("-%lld", (long long)receipt->last_seq);
    printf(": delivered to %d, read by %d of %d ", receipt->delivered_count, receipt->read_count,
           receipt->recipient_count);
    pl_message_line_put_ticks(tail->cli, receipt->status);
    putchar('\n');
    fflush(stdout);
}

static void on_typing(void *userdata, const parley_typing *typing)
{
    struct tail *tail = userdata;
    if (tail->cli->json) {
        pl_json_print(json_pack("{s:s, s:s, s:s, s:i}", "event", "typing", "chat_id", typing->chat_id, "user_id",
                                typing->user_id, "expires_after_ms", typing->expires_after_ms));
        return;
    }
    printf("[chat %s] ", typing->chat_id);
    pl_names_put(&tail->names, stdout, typing->user_id);
    puts(typing->expires_after_ms > 0 ? " is typing" : " has stopped typing");
    fflush(stdout);
}

static void on_presence(void *userdata, const parley_presence *presence)
{
    struct tail *tail = userdata;
    if (tail->cli->json) {
        json_t *object = pl_json_presence(presence);
        json_object_set_new(object, "event", json_string("presence"));
        pl_json_print(object);
        return;
    }
    pl_names_put(&tail->names, stdout, presence->user_id);
    puts(presence->online ? " is online" : " is not online");
    fflush(stdout);
}

static void on_log_start(void *userdata, const char *chat_id, int64_t first_seq)
{
    const struct tail *tail = userdata;
    if (tail->cli->json)
        pl_json_print(
            json_pack("{s:s, s:s, s:I}", "event", "log_start", "chat_id", chat_id, "first_seq", (json_int_t)first_seq));
    else
        printf("[chat %s] what was before %lld is gone\n", chat_id, (long long)first_seq);
    fflush(stdout);
}

static void on_state(void *userdata, parley_stream_state state, const parley_error *error)
{
    struct tail *tail = userdata;
    if (state == PARLEY_STREAM_CAUGHT_UP && tail->until_caught_up)
        finish(&tail->done);
    if (state == PARLEY_STREAM_LOST && !atomic_load(&tail->done))
        fprintf(stderr, "parley: the connection is lost; trying again\n");
    if (state == PARLEY_STREAM_ENDED) {
        tail->error = *error;
        finish(&tail->ended);
    }
}

static enum pl_cli_exit follow(struct pl_cli *cli, struct tail *tail)
{
    parley_stream_callbacks callbacks;
    parley_stream *stream = NULL;
    parley_error error;
    bool ended_by_itself;
    parley_stream_callbacks_init(&callbacks);
    callbacks.on_message = on_message;
    callbacks.on_state = on_state;
    callbacks.on_log_start = on_log_start;
    if (tail->receipts) {
        callbacks.on_receipt = on_receipt;
        callbacks.on_group_receipt = on_group_receipt;
    }
    callbacks.on_presence = on_presence;
    if (tail->typing)
        callbacks.on_typing = on_typing;
    pl_wakeup_init();
    if (parley_stream_open(cli->client, &callbacks, tail, &stream, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (tail->watched != NULL && parley_stream_watch(stream, &tail->watched, 1, &error) == PARLEY_INVALID_ID) {
        parley_stream_close(stream);
        return pl_cli_fail(cli, &error);
    }
    while (!atomic_load(&tail->done) && !atomic_load(&tail->ended) && !pl_wakeup_interrupted())
        pl_wakeup_wait(false, -1);
    ended_by_itself = atomic_load(&tail->ended);
    parley_stream_close(stream);
    if (ended_by_itself)
        return pl_cli_fail(cli, &tail->error);
    if (ferror(stdout))
        return PL_CLI_REFUSED;
    return atomic_load(&tail->done) ? PL_CLI_OK : PL_CLI_INTERRUPTED;
}

static enum pl_cli_exit tail(struct pl_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {
        {"count", required_argument, NULL, 'n'},    {"until-caught-up", no_argument, NULL, 'u'},
        {"receipts", no_argument, NULL, 'r'},       {"typing", no_argument, NULL, 't'},
        {"presence", required_argument, NULL, 'p'}, {NULL, 0, NULL, 0}};
    struct tail state = {.cli = cli, .left = -1};
    enum pl_cli_exit result;
    int flag;
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (flag == 'u')
            state.until_caught_up = true;
        else if (flag == 'r')
            state.receipts = true;
        else if (flag == 't')
            state.typing = true;
        else if (flag == 'p')
            state.watched = optarg;
        else if (flag != 'n' || !pl_cli_parse_int(optarg, 1, INT_MAX, &state.left))
            return pl_cli_usage(cli, flag == 'n' ? "--count must be a number above 0" : NULL);
    if (argc != optind)
        return pl_cli_usage(cli, "no arguments are expected");
    result = pl_cli_connect(cli);
    if (result != PL_CLI_OK)
        return result;
    pl_names_init(&state.names, cli->client);
    result = follow(cli, &state);
    pl_names_fini(&state.names);
    return result;
}
