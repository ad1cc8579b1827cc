/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Where the tokens of a client come from when the application gives them one by one. The last one is kept for unary
 * calls. Without a provider every token is empty, and the channel's own header counts. Any thread; the provider is
 * called by the thread that asks, under no lock.
 */
#ifndef PL_SDK_TOKEN_H
#define PL_SDK_TOKEN_H

#include <parley/client.h>
#include <pthread.h>
#include <stdbool.h>

/* Wipe after use. */
struct pl_token {
    char text[PARLEY_TOKEN_BYTES_MAX];
    uint64_t generation; /* counts what the provider gave; 0: nothing yet */
};

struct pl_token_source {
    parley_token_provider provider; /* NULL: none */
    void *userdata;
    pthread_mutex_t lock; /* guards latest */
    struct pl_token latest;
};

void pl_token_source_init(struct pl_token_source *source, parley_token_provider provider, void *userdata);
void pl_token_source_fini(struct pl_token_source *source);
/* An expired token is followed by another. */
bool pl_token_source_renews(const struct pl_token_source *source);
/*
 * The latest token, or a new one when the latest is of generation `expired` or older. PARLEY_TOKEN_UNAVAILABLE.
 * ret_error is not NULL.
 */
parley_status pl_token_get(struct pl_token_source *source, uint64_t expired, struct pl_token *ret_token,
                           parley_error *ret_error);
/* A new token. PARLEY_TOKEN_UNAVAILABLE. ret_error is not NULL. */
parley_status pl_token_renew(struct pl_token_source *source, struct pl_token *ret_token, parley_error *ret_error);

#endif
