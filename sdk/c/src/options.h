/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What parley_options hold. */
#ifndef PL_SDK_OPTIONS_H
#define PL_SDK_OPTIONS_H

struct parley_options {
    char *endpoint;
    char *token;
    char *api_key;
    char *acting_user;
    char *client_name;
    int timeout_ms;
};

/* A deep copy, freed with parley_options_free. */
struct parley_options *pl_options_copy(const struct parley_options *options);

#endif
