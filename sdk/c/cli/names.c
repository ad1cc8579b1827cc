/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Names for user ids. */
#include "sdk/c/cli/names.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "sdk/c/cli/terminal.h"

#define NAME_CHARS_MAX 32
#define ID_CHARS_SHOWN 8

struct pl_name {
    char user_id[PARLEY_ID_BYTES];
    char *name;
    UT_hash_handle hh;
};

void pl_names_init(struct pl_names *names, parley_client *client)
{
    *names = (struct pl_names){.client = client};
}

void pl_names_fini(struct pl_names *names)
{
    struct pl_name *name;
    struct pl_name *next;
    HASH_ITER (hh, names->by_id, name, next) {
        HASH_DEL(names->by_id, name);
        free(name->name);
        free(name);
    }
}

static char *ask(struct pl_names *names, const char *user_id)
{
    parley_user *user = NULL;
    char *name;
    if (parley_get_user(names->client, user_id, &user, NULL) != PARLEY_OK)
        return strndup(user_id, ID_CHARS_SHOWN);
    name = strdup(user->display_name[0] != '\0' ? user->display_name : user->username);
    parley_user_free(user);
    return name;
}

static const struct pl_name *find_or_ask(struct pl_names *names, const char *user_id)
{
    struct pl_name *name = NULL;
    HASH_FIND_STR(names->by_id, user_id, name);
    if (name != NULL || strlen(user_id) >= PARLEY_ID_BYTES)
        return name;
    name = calloc(1, sizeof *name);
    if (name == NULL)
        return NULL;
    strcpy(name->user_id, user_id);
    name->name = ask(names, user_id);
    HASH_ADD_STR(names->by_id, user_id, name);
    return name;
}

void pl_names_put(struct pl_names *names, FILE *file, const char *user_id)
{
    const struct pl_name *name = find_or_ask(names, user_id);
    pl_terminal_put_excerpt(file, name != NULL && name->name != NULL ? name->name : user_id, NAME_CHARS_MAX);
}
