/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What `parley login` keeps. */
#include "sdk/c/cli/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* False when there is no home, or a path would be too long. */
static bool folder_path(char *ret_path, size_t bytes)
{
    const char *own = getenv("PARLEY_CONFIG_HOME");
    const char *xdg = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int used;
    if (own != NULL && own[0] != '\0')
        used = snprintf(ret_path, bytes, "%s", own);
    else if (xdg != NULL && xdg[0] == '/')
        used = snprintf(ret_path, bytes, "%s/parley", xdg);
    else if (home != NULL && home[0] != '\0')
        used = snprintf(ret_path, bytes, "%s/.config/parley", home);
    else
        return false;
    return used > 0 && (size_t)used < bytes;
}

static bool file_path(char *ret_path, size_t bytes, const char *name)
{
    char folder[PATH_MAX];
    int used;
    if (!folder_path(folder, sizeof folder))
        return false;
    used = snprintf(ret_path, bytes, "%s/%s", folder, name);
    return used > 0 && (size_t)used < bytes;
}

static char *copy_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? strdup(text) : NULL;
}

void pl_credentials_load(struct pl_credentials *ret_credentials)
{
    char path[PATH_MAX];
    json_t *object;
    *ret_credentials = (struct pl_credentials){.endpoint = NULL};
    if (!file_path(path, sizeof path, "credentials.json"))
        return;
    object = json_load_file(path, 0, NULL);
    ret_credentials->endpoint = copy_text(object, "endpoint");
    ret_credentials->token = copy_text(object, "token");
    json_decref(object);
}

void pl_credentials_fini(struct pl_credentials *credentials)
{
    if (credentials->token != NULL)
        explicit_bzero(credentials->token, strlen(credentials->token));
    free(credentials->token);
    free(credentials->endpoint);
}

/* Every missing folder of the path. */
static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static bool write_file(const char *path, const json_t *object)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool written;
    if (fd < 0)
        return false;
    written = fchmod(fd, 0600) == 0 && json_dumpfd(object, fd, JSON_INDENT(2)) == 0 && fsync(fd) == 0;
    return close(fd) == 0 && written;
}

bool pl_credentials_save(const char *endpoint, const char *token)
{
    char folder[PATH_MAX];
    char path[PATH_MAX];
    char fresh[PATH_MAX];
    json_t *object = json_pack("{s:s, s:s}", "endpoint", endpoint, "token", token);
    bool saved = object != NULL && folder_path(folder, sizeof folder) && make_folders(folder) &&
                 file_path(path, sizeof path, "credentials.json") &&
                 file_path(fresh, sizeof fresh, "credentials.json.new") && write_file(fresh, object) &&
                 rename(fresh, path) == 0;
    if (!saved)
        fprintf(stderr, "parley: the credentials cannot be stored: %s\n", strerror(errno));
    json_decref(object);
    return saved;
}
