/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What parley_options hold. */
#ifndef PL_SDK_OPTIONS_H
#define PL_SDK_OPTIONS_H

#include <parley/client.h>

struct parley_options {
    char *endpoint;
    char *token;
    parley_token_provider token_provider;
    void *token_userdata;
    char *api_key;
    char *acting_user;
    char *client_name;
    int timeout_ms;
};

/* A deep copy, freed with parley_options_free. */
struct parley_options *pl_options_copy(const struct parley_options *options);

#endif
