/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Where the tokens of a client come from. */
#include "sdk/c/src/token.h"

#include <string.h>

#include "sdk/c/src/error.h"

void pl_token_source_init(struct pl_token_source *source, parley_token_provider provider, void *userdata)
{
    memset(source, 0, sizeof *source);
    source->provider = provider;
    source->userdata = userdata;
    pthread_mutex_init(&source->lock, NULL);
}

void pl_token_source_fini(struct pl_token_source *source)
{
    pthread_mutex_destroy(&source->lock);
    explicit_bzero(source, sizeof *source);
}

bool pl_token_source_renews(const struct pl_token_source *source)
{
    return source->provider != NULL;
}

/* Visible ASCII, with its NUL inside the buffer: what a header can carry. */
static bool is_token(const char *text)
{
    size_t bytes = strnlen(text, PARLEY_TOKEN_BYTES_MAX);
    if (bytes == 0 || bytes == PARLEY_TOKEN_BYTES_MAX)
        return false;
    for (size_t i = 0; i < bytes; i++)
        if (text[i] < 0x21 || text[i] > 0x7E)
            return false;
    return true;
}

static void keep(struct pl_token_source *source, struct pl_token *token)
{
    pthread_mutex_lock(&source->lock);
    token->generation = source->latest.generation + 1;
    source->latest = *token;
    pthread_mutex_unlock(&source->lock);
}

parley_status pl_token_renew(struct pl_token_source *source, struct pl_token *ret_token, parley_error *ret_error)
{
    struct pl_token token;
    parley_status status = PARLEY_OK;
    memset(&token, 0, sizeof token);
    if (source->provider != NULL) {
        if (source->provider(source->userdata, token.text, sizeof token.text) != 0)
            status = pl_error_set(ret_error, PARLEY_TOKEN_UNAVAILABLE, NULL);
        else if (!is_token(token.text))
            status = pl_error_set(ret_error, PARLEY_TOKEN_UNAVAILABLE, "the token provider gave what is no token");
        else
            keep(source, &token);
    }
    if (status == PARLEY_OK)
        *ret_token = token;
    explicit_bzero(&token, sizeof token);
    return status;
}

parley_status pl_token_get(struct pl_token_source *source, uint64_t expired, struct pl_token *ret_token,
                           parley_error *ret_error)
{
    bool is_good;
    pthread_mutex_lock(&source->lock);
    is_good = source->latest.generation > expired;
    if (is_good)
        *ret_token = source->latest;
    pthread_mutex_unlock(&source->lock);
    return is_good ? PARLEY_OK : pl_token_renew(source, ret_token, ret_error);
}
