/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin rename-device: another name for a device. */
#include "sdk/c/cli/admin_show.h"
#include "sdk/c/cli/cli.h"

static enum pl_cli_exit rename_device(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_rename_device = {
    .name = "admin rename-device",
    .arguments = "USER_ID DEVICE_ID NAME",
    .summary = "Give a device another name (API key)",
    .credentials = PL_CLI_AS_APP,
    .run = rename_device,
};

static enum pl_cli_exit rename_device(struct pl_cli *cli, int argc, char **argv)
{
    parley_device *device = NULL;
    parley_error error;
    enum pl_cli_exit connected = pl_cli_connect_with(cli, argc - 1, 3);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_rename_device(cli->client, argv[1], argv[2], argv[3], &device, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    pl_admin_show_device(cli, device);
    parley_device_free(device);
    return PL_CLI_OK;
}
