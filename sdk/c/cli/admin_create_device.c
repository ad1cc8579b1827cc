/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin create-device: a device of a user. */
#include <stdio.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/json.h"

static enum pl_cli_exit create_device(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_create_device = {
    .name = "admin create-device",
    .arguments = "USER_ID [NAME]",
    .summary = "Create a device of a user (API key)",
    .details = "Prints the device's id.\n",
    .credentials = PL_CLI_AS_APP,
    .run = create_device,
};

static enum pl_cli_exit create_device(struct pl_cli *cli, int argc, char **argv)
{
    parley_device *device = NULL;
    parley_error error;
    enum pl_cli_exit connected;
    if (argc < 2 || argc > 3)
        return pl_cli_usage(cli, "USER_ID is expected");
    connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    if (parley_create_device(cli->client, argv[1], argc > 2 ? argv[2] : NULL, &device, &error) != PARLEY_OK)
        return pl_cli_fail(cli, &error);
    if (cli->json)
        pl_json_print(pl_json_device(device));
    else
        printf("%s\n", device->device_id);
    parley_device_free(device);
    return PL_CLI_OK;
}
