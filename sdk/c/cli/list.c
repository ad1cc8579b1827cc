/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Lists of the server's, which come in pages, printed to their end. */
#include "sdk/c/cli/list.h"

#include <stdlib.h>
#include <string.h>

void pl_cli_list_turn(struct pl_cli_list *list, const char *next_page_token)
{
    free(list->page_token);
    list->page_token = NULL;
    if (next_page_token[0] != '\0' && (list->page_token = strdup(next_page_token)) == NULL)
        abort();
}

enum pl_cli_exit pl_cli_print_list(struct pl_cli *cli, const char *of, pl_cli_print_page print_page)
{
    struct pl_cli_list list = {.cli = cli, .of = of};
    parley_error error;
    enum pl_cli_exit result = pl_cli_connect(cli);
    if (result != PL_CLI_OK)
        return result;
    pl_names_init(&list.names, cli->client);
    do {
        if (print_page(&list, &error) != PARLEY_OK) {
            result = pl_cli_fail(cli, &error);
            break;
        }
    } while (list.page_token != NULL);
    free(list.page_token);
    pl_names_fini(&list.names);
    return result;
}
