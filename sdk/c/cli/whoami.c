/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley whoami: which user and device the token is for. */
#include <stdio.h>

#include "sdk/c/cli/claims.h"
#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"
#include "sdk/c/cli/terminal.h"

static enum pl_cli_exit whoami(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_whoami = {
    .name = "whoami",
    .arguments = "",
    .summary = "Show the user, the device and the end of the token in use",
    .credentials = PL_CLI_AS_DEVICE,
    .run = whoami,
};

static void tell(const struct pl_cli *cli, const struct pl_claims *claims, const parley_user *user)
{
    if (cli->json) {
        pl_json_print(json_pack("{s:o, s:s, s:s, s:o, s:s}", "user", pl_json_user(user), "device_id", claims->device_id,
                                "app_id", claims->app_id, "token_expires_at", pl_json_time(claims->expires_at_us),
                                "endpoint", cli->endpoint));
        return;
    }
    pl_terminal_put_excerpt(stdout, user->username, 64);
    printf("\nuser    %s\ndevice  %s\napp     %s\nserver  %s\ntoken   until ", claims->user_id, claims->device_id,
           claims->app_id, cli->endpoint);
    pl_terminal_put_time(stdout, claims->expires_at_us);
    putchar('\n');
}

static enum pl_cli_exit whoami(struct pl_cli *cli, int argc, char **argv)
{
    struct pl_claims claims;
    parley_error error;
    parley_user *user = NULL;
    enum pl_cli_exit connected;
    (void)argv;
    if (argc > 1)
        return pl_cli_usage(cli, "no arguments are expected");
    if (cli->token == NULL || !pl_claims_read(cli->token, &claims)) {
        fputs("parley: not logged in; run `parley login`, or set PARLEY_TOKEN\n", stderr);
        return PL_CLI_CREDENTIALS;
    }
    connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_get_user(cli->client, claims.user_id, &user, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    tell(cli, &claims, user);
    parley_user_free(user);
    return PL_CLI_OK;
}
