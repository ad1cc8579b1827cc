/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What `parley login` keeps: endpoint and token, in ~/.config/parley/credentials.json (or below $PARLEY_CONFIG_HOME).
 */
#ifndef PL_CLI_CREDENTIALS_H
#define PL_CLI_CREDENTIALS_H

#include <stdbool.h>

struct pl_credentials {
    char *endpoint; /* NULL: none */
    char *token;    /* NULL: none */
};

/* What there is; both NULL when there is nothing, or nothing readable. Free with pl_credentials_fini. */
void pl_credentials_load(struct pl_credentials *ret_credentials);
void pl_credentials_fini(struct pl_credentials *credentials);
/* Readable by the user only, replaced in one step. False with a sentence on standard error. */
bool pl_credentials_save(const char *endpoint, const char *token);

#endif
