/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin revoke-device: a device is out for ever. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit revoke_device(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_revoke_device = {
    .name = "admin revoke-device",
    .arguments = "USER_ID DEVICE_ID",
    .summary = "Revoke a device of a user, for ever (API key)",
    .credentials = PL_CLI_AS_APP,
    .run = revoke_device,
};

static enum pl_cli_exit revoke_device(struct pl_cli *cli, int argc, char **argv)
{
    parley_device *item = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 2);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_revoke_device(cli->client, argv[1], argv[2], &item, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_device(item));
    else
        puts("revoked");
    parley_device_free(item);
    return PL_CLI_OK;
}
