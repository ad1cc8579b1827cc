/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* --token-command: tokens that another program prints, so that a long `parley tail` outlives each of them. */
#include <stdio.h>
#include <string.h>

#include "sdk/c/cli/cli.h"

int pl_cli_run_token_command(void *command, char *ret_token, size_t token_bytes)
{
    /* NOLINTNEXTLINE(cert-env33-c): the user gives the command, and means it for a shell. */
    FILE *output = popen(command, "re");
    bool has_line;
    if (output == NULL)
        return -1;
    has_line = fgets(ret_token, (int)token_bytes, output) != NULL;
    while (fgetc(output) != EOF)
        continue;
    if (pclose(output) != 0 || !has_line)
        return -1;
    ret_token[strcspn(ret_token, "\r\n")] = '\0';
    return ret_token[0] != '\0' ? 0 : -1;
}
