/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley login: keep a device's token, after the server has accepted it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sdk/c/cli/claims.h"
#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/credentials.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/terminal.h"

#define TOKEN_BYTES_MAX 8192

static enum pl_cli_exit login(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_login = {
    .name = "login",
    .arguments = "[TOKEN | -]",
    .summary = "Keep a device's token and the endpoint for later commands",
    .details = "The token is checked by asking the server for its user. Without TOKEN it is --token, PARLEY_TOKEN, or\n"
               "read from standard input, as with -. It is stored in ~/.config/parley/credentials.json, readable by\n"
               "you only ($PARLEY_CONFIG_HOME moves the folder).\n",
    .credentials = PL_CLI_AS_DEVICE,
    .run = login,
};

/* One line of standard input, without its end. */
static bool read_token(char ret_token[TOKEN_BYTES_MAX + 2])
{
    if (isatty(STDIN_FILENO))
        fputs("token: ", stderr);
    if (fgets(ret_token, TOKEN_BYTES_MAX + 2, stdin) == NULL)
        return false;
    ret_token[strcspn(ret_token, "\r\n")] = '\0';
    return ret_token[0] != '\0';
}

static void tell(const struct pl_cli *cli, const parley_user *user)
{
    if (cli->json) {
        pl_json_print(json_pack("{s:s, s:s, s:s}", "user_id", user->user_id, "username", user->username, "endpoint",
                                cli->endpoint));
        return;
    }
    fputs("logged in as ", stdout);
    pl_terminal_put_excerpt(stdout, user->username, 64);
    printf(" (%s) at %s\n", user->user_id, cli->endpoint);
}

static enum pl_cli_exit check_and_save(struct pl_cli *cli, const struct pl_claims *claims)
{
    parley_error error;
    parley_user *user = NULL;
    bool saved;
    enum pl_cli_exit connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_get_user(cli->client, claims->user_id, &user, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    saved = pl_credentials_save(cli->endpoint, cli->token);
    if (saved)
        tell(cli, user);
    parley_user_free(user);
    return saved ? PL_CLI_OK : PL_CLI_CREDENTIALS;
}

static enum pl_cli_exit login(struct pl_cli *cli, int argc, char **argv)
{
    static char typed[TOKEN_BYTES_MAX + 2];
    struct pl_claims claims;
    const char *given = argc > 1 ? argv[1] : cli->token;
    if (argc > 2)
        return pl_cli_usage(cli, "too many arguments");
    if (given == NULL || strcmp(given, "-") == 0)
        given = read_token(typed) ? typed : "";
    if (!pl_claims_read(given, &claims)) {
        fputs("parley: that is not a device token\n", stderr);
        return PL_CLI_CREDENTIALS;
    }
    cli->token = given;
    cli->api_key_given = false;
    cli->acting_user = NULL;
    return check_and_save(cli, &claims);
}
