/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One clear sentence for every failure, and its exit code. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/terminal.h"

static enum pl_cli_exit exit_of(parley_status status)
{
    switch ((int)status) {
    case PARLEY_OK:
        return PL_CLI_OK;
    case PARLEY_UNREACHABLE:
    case PARLEY_BAD_REPLY:
        return PL_CLI_UNREACHABLE;
    case PARLEY_CREDENTIALS_MISSING:
    case PARLEY_API_KEY_INVALID:
    case PARLEY_TOKEN_INVALID:
    case PARLEY_TOKEN_EXPIRED:
    case PARLEY_DEVICE_REVOKED:
    case PARLEY_USER_DEACTIVATED:
    case PARLEY_ACTING_USER_MISSING:
    case PARLEY_ACTING_USER_REFUSED:
    case PARLEY_PERMISSION_DENIED:
        return PL_CLI_CREDENTIALS;
    default:
        return PL_CLI_REFUSED;
    }
}

/* What to do about it; NULL when the sentence says enough. */
static const char *advice_of(parley_status status)
{
    switch ((int)status) {
    case PARLEY_CREDENTIALS_MISSING:
    case PARLEY_TOKEN_INVALID:
        return "log in with `parley login`, or set PARLEY_TOKEN";
    case PARLEY_TOKEN_EXPIRED:
        return "get a new one (`parley admin create-token`), then `parley login`";
    case PARLEY_ACTING_USER_MISSING:
        return "say --as USER_ID";
    case PARLEY_SESSION_REPLACED:
        return "each device has one stream; use another device's token for a second one";
    case PARLEY_BAD_REPLY:
        return "is this the gRPC port of parleyd?";
    default:
        return NULL;
    }
}

enum pl_cli_exit pl_cli_fail(const struct pl_cli *cli, const parley_error *error)
{
    const char *advice = advice_of(error->status);
    fflush(stdout);
    fputs("parley: ", stderr);
    if (error->status == PARLEY_UNREACHABLE) {
        fprintf(stderr, "cannot reach %s; is parleyd running?\n", cli->endpoint);
        return PL_CLI_UNREACHABLE;
    }
    pl_terminal_put_text(stderr, error->sentence);
    fprintf(stderr, " (%s)", error->reason);
    if (advice != NULL)
        fprintf(stderr, "; %s", advice);
    fputc('\n', stderr);
    return exit_of(error->status);
}

enum pl_cli_exit pl_cli_usage(const struct pl_cli *cli, const char *wrong)
{
    if (wrong != NULL)
        fprintf(stderr, "parley %s: %s\n", cli->command->name, wrong);
    fprintf(stderr, "usage: parley %s %s\n", cli->command->name, cli->command->arguments);
    return PL_CLI_USAGE;
}

bool pl_cli_parse_int(const char *text, int min, int max, int *ret_number)
{
    char *end = NULL;
    long number;
    errno = 0;
    number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < min || number > max)
        return false;
    *ret_number = (int)number;
    return true;
}
