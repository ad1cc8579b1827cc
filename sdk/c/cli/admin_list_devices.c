/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* parley admin list-devices: the devices of a user. */
#include "sdk/c/cli/admin_show.h"
#include "sdk/c/cli/cli.h"

#define PAGE_SIZE 100

static enum pl_cli_exit list_devices(struct pl_cli *cli, int argc, char **argv);

const struct pl_cli_command pl_cli_list_devices = {
    .name = "admin list-devices",
    .arguments = "USER_ID",
    .summary = "List the devices of a user, newest first (API key)",
    .credentials = PL_CLI_AS_APP,
    .run = list_devices,
};

static enum pl_cli_exit list_devices(struct pl_cli *cli, int argc, char **argv)
{
    parley_error error;
    parley_devices *page = NULL;
    parley_devices *next = NULL;
    enum pl_cli_exit connected;
    if (argc != 2)
        return pl_cli_usage(cli, "USER_ID is expected");
    connected = pl_cli_connect(cli);
    if (connected != PL_CLI_OK)
        return connected;
    do {
        const char *page_token = page != NULL ? page->next_page_token : NULL;
        parley_status status = parley_list_devices(cli->client, argv[1], PAGE_SIZE, page_token, &next, &error);
        parley_devices_free(page);
        if (status != PARLEY_OK)
            return pl_cli_fail(cli, &error);
        page = next;
        for (size_t i = 0; i < page->count; i++)
            pl_admin_show_device(cli, page->items[i]);
    } while (page->next_page_token[0] != '\0');
    parley_devices_free(page);
    return PL_CLI_OK;
}
