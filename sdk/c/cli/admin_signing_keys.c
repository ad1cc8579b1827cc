/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * parley admin register-signing-key, list-signing-keys, revoke-signing-key: the keys that prove the device tokens of an
 * app, by the operator or the app itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sdk/c/cli/admin_show.h"
#include "sdk/c/cli/list.h"

#define FILE_BYTES_MAX 16384

static enum pl_cli_exit register_key(struct pl_cli *cli, int argc, char **argv);
static enum pl_cli_exit list_keys(struct pl_cli *cli, int argc, char **argv);
static enum pl_cli_exit revoke_key(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_register_signing_key = {
    .name = "admin register-signing-key",
    .arguments = "APP_ID ALGORITHM FILE [NAME]",
    .summary = "Let an app sign its own device tokens (operator key, or a key of the app)",
    .details =
        "ALGORITHM is HS256, ES256, RS256 or EdDSA. FILE (- is standard input) has the public key as PEM, never\n"
        "a private one; for HS256 the secret as it is, 32 to 64 random bytes without a line end. The key_id\n"
        "that is shown is the `kid` of the tokens.\n",
    .credentials = PL_CLI_AS_APP,
    .run = register_key,
};

const struct pl_cli_command pl_cli_list_signing_keys = {
    .name = "admin list-signing-keys",
    .arguments = "APP_ID",
    .summary = "List the signing keys of an app, the newest first (operator key, or a key of the app)",
    .details = "Revoked keys too, and Parley's own of the app.\n",
    .credentials = PL_CLI_AS_APP,
    .run = list_keys,
};

const struct pl_cli_command pl_cli_revoke_signing_key = {
    .name = "admin revoke-signing-key",
    .arguments = "APP_ID KEY_ID",
    .summary = "Refuse the tokens of a signing key for ever (operator key, or a key of the app)",
    .credentials = PL_CLI_AS_APP,
    .run = revoke_key,
};

static parley_signing_algorithm algorithm_of(const char *word)
{
    static const struct {
        const char *word;
        parley_signing_algorithm algorithm;
    } words[] = {{"HS256", PARLEY_SIGNING_HS256},
                 {"ES256", PARLEY_SIGNING_ES256},
                 {"RS256", PARLEY_SIGNING_RS256},
                 {"EdDSA", PARLEY_SIGNING_EDDSA}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(word, words[i].word) == 0)
            return words[i].algorithm;
    return PARLEY_SIGNING_UNSPECIFIED;
}

/* The whole file and a NUL; says why not. */
static bool read_key(const char *path, char ret_key[FILE_BYTES_MAX + 1], size_t *ret_bytes)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    const char *wrong = NULL;
    if (file == NULL) {
        fprintf(stderr, "parley: cannot read %s: %s\n", path, strerror(errno));
        return false;
    }
    setvbuf(file, NULL, _IONBF, 0); /* so that no copy of a secret stays behind */
    *ret_bytes = fread(ret_key, 1, FILE_BYTES_MAX + 1, file);
    if (ferror(file))
        wrong = strerror(errno);
    else if (*ret_bytes > FILE_BYTES_MAX)
        wrong = "it is too large for a key";
    if (file != stdin)
        fclose(file);
    if (wrong == NULL)
        ret_key[*ret_bytes] = '\0';
    else
        fprintf(stderr, "parley: cannot read %s: %s\n", path, wrong);
    return wrong == NULL;
}

static enum pl_cli_exit register_as(struct pl_cli *cli, const char *app_id, const parley_new_signing_key *new_key)
{
    parley_signing_key *key = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_register_signing_key(cli->client, app_id, new_key, &key, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    pl_admin_show_signing_key(cli, key);
    parley_signing_key_free(key);
    return PL_CLI_OK;
}

static enum pl_cli_exit register_key(struct pl_cli *cli, int argc, char **argv)
{
    char key[FILE_BYTES_MAX + 1];
    size_t bytes = 0;
    parley_new_signing_key new_key;
    enum pl_cli_exit result = PL_CLI_USAGE;
    parley_new_signing_key_init(&new_key);
    if (argc < 4 || argc > 5)
        return pl_cli_usage(cli, "APP_ID, ALGORITHM and FILE are expected");
    new_key.algorithm = algorithm_of(argv[2]);
    if (new_key.algorithm == PARLEY_SIGNING_UNSPECIFIED)
        return pl_cli_usage(cli, "ALGORITHM must be HS256, ES256, RS256 or EdDSA");
    new_key.name = argc > 4 ? argv[4] : NULL;
    if (read_key(argv[3], key, &bytes)) {
        if (new_key.algorithm == PARLEY_SIGNING_HS256) {
            new_key.secret = key;
            new_key.secret_bytes = bytes;
        } else {
            new_key.public_key = key;
        }
        result = register_as(cli, argv[1], &new_key);
    }
    explicit_bzero(key, sizeof key);
    return result;
}

static parley_status print_page(struct pl_cli_list *list, parley_error *ret_error)
{
    parley_signing_keys *page = NULL;
    parley_status status =
        parley_list_signing_keys(list->cli->client, list->of, PL_CLI_PAGE_SIZE, list->page_token, &page, ret_error);
    if (status != PARLEY_OK)
        return status;
    for (size_t i = 0; i < page->count; i++)
        pl_admin_show_signing_key(list->cli, page->items[i]);
    pl_cli_list_turn(list, page->next_page_token);
    parley_signing_keys_free(page);
    return PARLEY_OK;
}

static enum pl_cli_exit list_keys(struct pl_cli *cli, int argc, char **argv)
{
    if (argc != 2)
        return pl_cli_usage(cli, "APP_ID is expected");
    return pl_cli_print_list(cli, argv[1], print_page);
}

static enum pl_cli_exit revoke_key(struct pl_cli *cli, int argc, char **argv)
{
    parley_signing_key *key = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 2);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_revoke_signing_key(cli->client, argv[1], argv[2], &key, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    pl_admin_show_signing_key(cli, key);
    parley_signing_key_free(key);
    return PL_CLI_OK;
}
