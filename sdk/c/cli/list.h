/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Lists of the server's, which come in pages, printed to their end. */
#ifndef PL_CLI_LIST_H
#define PL_CLI_LIST_H

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/names.h"

#define PL_CLI_PAGE_SIZE 100

struct pl_cli_list {
    struct pl_cli *cli;
    const char *of;        /* what the list belongs to; may be NULL */
    char *page_token;      /* of the page to ask for; NULL: the first */
    struct pl_names names; /* for lines that name users */
};

/* Asks for the page of list->page_token, prints it, and turns over. */
typedef parley_status (*pl_cli_print_page)(struct pl_cli_list *list, parley_error *ret_error);

/* Connects, then prints page after page. */
enum pl_cli_exit pl_cli_print_list(struct pl_cli *cli, const char *of, pl_cli_print_page print_page);
/* The page is printed; next_page_token is copied, empty on the last one. */
void pl_cli_list_turn(struct pl_cli_list *list, const char *next_page_token);

#endif
