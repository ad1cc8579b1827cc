/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin create-app: a new app, by the operator. */
#include <stdio.h>

#include "sdk/c/cli/admin_show.h"
#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit create_app(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_create_app = {
    .name = "admin create-app",
    .arguments = "NAME",
    .summary = "Create an app (operator key)",
    .details = "Prints the app's id.\n",
    .credentials = PL_CLI_AS_APP,
    .run = create_app,
};

static enum pl_cli_exit create_app(struct pl_cli *cli, int argc, char **argv)
{
    parley_app *app = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 1);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_create_app(cli->client, argv[1], &app, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_admin_json_app(app));
    else
        printf("%s\n", app->app_id);
    parley_app_free(app);
    return PL_CLI_OK;
}
