/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What `parley chat` shows: the callbacks of its stream. */
#ifndef PL_CLI_CHAT_EVENTS_H
#define PL_CLI_CHAT_EVENTS_H

#include <stdatomic.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/names.h"
#include "sdk/c/cli/sent_list.h"

struct pl_chat_view {
    const struct pl_cli *cli;
    char chat_id[PARLEY_ID_BYTES];
    char user_id[PARLEY_ID_BYTES]; /* whose device this is */
    struct pl_names names;         /* before the stream is open: main thread; then the stream's */
    struct pl_sent_list sent;
    int64_t shown_seq;     /* history has been printed up to here */
    parley_stream *stream; /* set before the first callback */
    bool was_lost;         /* stream's thread */
    atomic_bool refused;   /* some message was */
    atomic_bool ended;
    parley_error error; /* valid when ended */
};

/* Callbacks for a stream whose userdata is the view. */
void pl_chat_events_init(parley_stream_callbacks *ret_callbacks);

#endif
