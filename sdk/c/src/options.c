/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Options of a client. */
#include "sdk/c/src/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"

#define ENDPOINT_DEFAULT "127.0.0.1:50051"
#define TIMEOUT_MS_DEFAULT 10000
#define TIMEOUT_MS_MAX 600000

static char *copy(const char *text)
{
    char *copied = text != NULL ? strdup(text) : NULL;
    pl_assert(text == NULL || copied != NULL);
    return copied;
}

/* Credentials pass through here, so what is replaced is wiped. */
static void replace(char **field, const char *text)
{
    char *old = *field;
    *field = copy(text);
    if (old != NULL)
        explicit_bzero(old, strlen(old));
    free(old);
}

parley_options *parley_options_new(void)
{
    parley_options *options = calloc(1, sizeof *options);
    pl_assert(options != NULL);
    options->endpoint = copy(ENDPOINT_DEFAULT);
    options->timeout_ms = TIMEOUT_MS_DEFAULT;
    return options;
}

parley_options *pl_options_copy(const parley_options *options)
{
    parley_options *copied = parley_options_new();
    replace(&copied->endpoint, options->endpoint);
    replace(&copied->token, options->token);
    replace(&copied->api_key, options->api_key);
    replace(&copied->acting_user, options->acting_user);
    replace(&copied->client_name, options->client_name);
    copied->token_provider = options->token_provider;
    copied->token_userdata = options->token_userdata;
    copied->timeout_ms = options->timeout_ms;
    return copied;
}

void parley_options_free(parley_options *options)
{
    if (options == NULL)
        return;
    replace(&options->endpoint, NULL);
    replace(&options->token, NULL);
    replace(&options->api_key, NULL);
    replace(&options->acting_user, NULL);
    replace(&options->client_name, NULL);
    free(options);
}

void parley_options_set_endpoint(parley_options *options, const char *endpoint)
{
    replace(&options->endpoint, endpoint != NULL ? endpoint : ENDPOINT_DEFAULT);
}

void parley_options_set_token(parley_options *options, const char *token)
{
    replace(&options->token, token);
}

void parley_options_set_token_provider(parley_options *options, parley_token_provider provider, void *userdata)
{
    options->token_provider = provider;
    options->token_userdata = userdata;
}

void parley_options_set_api_key(parley_options *options, const char *api_key)
{
    replace(&options->api_key, api_key);
}

void parley_options_set_acting_user(parley_options *options, const char *user_id)
{
    replace(&options->acting_user, user_id);
}

void parley_options_set_timeout_ms(parley_options *options, int timeout_ms)
{
    if (timeout_ms < 1)
        timeout_ms = 1;
    options->timeout_ms = timeout_ms < TIMEOUT_MS_MAX ? timeout_ms : TIMEOUT_MS_MAX;
}

void parley_options_set_client_name(parley_options *options, const char *name)
{
    replace(&options->client_name, name);
}
