/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Names for user ids, asked from the server once each. One thread at a time. */
#ifndef PL_CLI_NAMES_H
#define PL_CLI_NAMES_H

#include <parley/parley.h>
#include <stdio.h>

struct pl_name;

struct pl_names {
    parley_client *client;
    struct pl_name *by_id;
};

void pl_names_init(struct pl_names *names, parley_client *client);
void pl_names_fini(struct pl_names *names);
/* The display name or username, made safe; the start of the id when the server does not tell. */
void pl_names_put(struct pl_names *names, FILE *file, const char *user_id);

#endif
