/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * How the admin commands show what they work on: a line of JSON for scripts, a line for people otherwise. Names are
 * shown so that they cannot steer the terminal.
 */
#ifndef PL_CLI_ADMIN_SHOW_H
#define PL_CLI_ADMIN_SHOW_H

#include <jansson.h>

#include "sdk/c/cli/cli.h"

/* A new reference. */
json_t *pl_admin_json_app(const parley_app *app);

void pl_admin_show_app(const struct pl_cli *cli, const parley_app *app);
/* Without its secret, but in JSON. */
void pl_admin_show_key(const struct pl_cli *cli, const parley_api_key *key);
void pl_admin_show_signing_key(const struct pl_cli *cli, const parley_signing_key *key);
void pl_admin_show_user(const struct pl_cli *cli, const parley_user *user);
void pl_admin_show_device(const struct pl_cli *cli, const parley_device *device);

#endif
