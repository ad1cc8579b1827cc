/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * parley: the command line client. Global flags are taken wherever they stand (up to "--"), so that they can follow the
 * command; what is left goes to the command.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sdk/c/cli/cli.h"
#include "sdk/c/cli/credentials.h"

#define TIMEOUT_S_MAX 600

static const struct pl_cli_command *const commands[] = {
    &pl_cli_login,
    &pl_cli_whoami,
    &pl_cli_settings,
    &pl_cli_presence,
    &pl_cli_send,
    &pl_cli_send_batch,
    &pl_cli_chat,
    &pl_cli_tail,
    &pl_cli_history,
    &pl_cli_show,
    &pl_cli_read,
    &pl_cli_receipts,
    &pl_cli_edit,
    &pl_cli_delete,
    &pl_cli_hide,
    &pl_cli_react,
    &pl_cli_reactions,
    &pl_cli_chats,
    &pl_cli_heads,
    &pl_cli_block,
    &pl_cli_unblock,
    &pl_cli_blocks,
    &pl_cli_sync,
    &pl_cli_ack,
    &pl_cli_group_create,
    &pl_cli_group_show,
    &pl_cli_group_update,
    &pl_cli_group_delete,
    &pl_cli_group_members,
    &pl_cli_group_set,
    &pl_cli_group_add,
    &pl_cli_group_remove,
    &pl_cli_group_join,
    &pl_cli_group_leave,
    &pl_cli_create_app,
    &pl_cli_get_app,
    &pl_cli_update_app,
    &pl_cli_create_key,
    &pl_cli_rotate_key,
    &pl_cli_list_keys,
    &pl_cli_revoke_key,
    &pl_cli_register_signing_key,
    &pl_cli_list_signing_keys,
    &pl_cli_revoke_signing_key,
    &pl_cli_create_user,
    &pl_cli_get_user,
    &pl_cli_lookup_users,
    &pl_cli_update_user,
    &pl_cli_list_users,
    &pl_cli_deactivate_user,
    &pl_cli_reactivate_user,
    &pl_cli_delete_user,
    &pl_cli_create_device,
    &pl_cli_list_devices,
    &pl_cli_rename_device,
    &pl_cli_revoke_device,
    &pl_cli_create_token,
};
/* The first words of commands that have two. */
static const char *const families[] = {"admin", "group"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void print_commands(FILE *file)
{
    for (size_t i = 0; i < COUNT(commands); i++)
        fprintf(file, "  %-27s %s\n", commands[i]->name, commands[i]->summary);
}

static void print_help(FILE *file)
{
    fputs("usage: parley [flags] command [arguments]\n\ncommands:\n", file);
    print_commands(file);
    fputs("\nflags, before or after the command:\n"
          "  --endpoint HOST:PORT  the server, or unix:/path (PARLEY_GRPC; default 127.0.0.1:50051)\n"
          "  --token TOKEN         a device's token (PARLEY_TOKEN, else what `parley login` stored)\n"
          "  --token-command CMD   prints a token; run whenever one is needed (PARLEY_TOKEN_COMMAND)\n"
          "  --api-key KEY         an app's or the operator's key (PARLEY_API_KEY)\n"
          "  --as USER_ID          with an API key: the user to act for\n"
          "  --json                one JSON object on a line, for scripts\n"
          "  --timeout SECONDS     how long a call may take, 1 to 600 (default 10)\n"
          "  --help, --version\n"
          "\nexit codes: 0 done; 1 refused by the server; 2 wrong usage; 3 server unreachable;\n"
          "  4 credentials missing, wrong or not enough; 5 --wait ran out of time; 130 interrupted\n"
          "\n`parley COMMAND --help` tells more about one command.\n",
          file);
}

static void print_command_help(const struct pl_cli_command *command)
{
    printf("usage: parley %s %s\n%s.\n", command->name, command->arguments, command->summary);
    if (command->details != NULL)
        printf("\n%s", command->details);
}

/* The value of a flag that has one, from "--flag=value" or the next argument; NULL when argument is another. */
static const char *value_of(const char *flag, char **argv, int argc, int *index)
{
    size_t bytes = strlen(flag);
    const char *argument = argv[*index];
    if (strncmp(argument, flag, bytes) != 0)
        return NULL;
    if (argument[bytes] == '=')
        return argument + bytes + 1;
    if (argument[bytes] != '\0')
        return NULL;
    if (*index + 1 >= argc || argv[*index + 1] == NULL) {
        fprintf(stderr, "parley: %s needs a value\n", flag);
        exit(PL_CLI_USAGE);
    }
    (*index)++;
    return argv[*index];
}

static void take_timeout(struct pl_cli *cli, const char *text)
{
    int seconds;
    if (!pl_cli_parse_int(text, 1, TIMEOUT_S_MAX, &seconds)) {
        fprintf(stderr, "parley: --timeout must be 1 to %d seconds\n", TIMEOUT_S_MAX);
        exit(PL_CLI_USAGE);
    }
    cli->timeout_ms = seconds * 1000;
}

/* True when argv[*index] was a global flag; *index is then at its last argument. */
static bool take_global(struct pl_cli *cli, char **argv, int argc, int *index)
{
    const char *value;
    if ((value = value_of("--endpoint", argv, argc, index)) != NULL) {
        cli->endpoint = value;
    } else if ((value = value_of("--token", argv, argc, index)) != NULL) {
        cli->token = value;
    } else if ((value = value_of("--token-command", argv, argc, index)) != NULL) {
        cli->token_command = value;
    } else if ((value = value_of("--api-key", argv, argc, index)) != NULL) {
        cli->api_key = value;
        cli->api_key_given = true;
    } else if ((value = value_of("--as", argv, argc, index)) != NULL) {
        cli->acting_user = value;
    } else if ((value = value_of("--timeout", argv, argc, index)) != NULL) {
        take_timeout(cli, value);
    } else if (strcmp(argv[*index], "--json") == 0) {
        cli->json = true;
    } else if (strcmp(argv[*index], "--help") == 0 || strcmp(argv[*index], "-h") == 0) {
        cli->help = true;
    } else if (strcmp(argv[*index], "--version") == 0) {
        printf("parley %s\n", parley_version());
        exit(PL_CLI_OK);
    } else {
        return false;
    }
    return true;
}

/* What is not global moves to the front; how many arguments that are. */
static int take_globals(struct pl_cli *cli, int argc, char **argv)
{
    int kept = 1;
    bool only_arguments = false;
    for (int i = 1; i < argc && argv[i] != NULL; i++) {
        only_arguments = only_arguments || strcmp(argv[i], "--") == 0;
        if (only_arguments || !take_global(cli, argv, argc, &i))
            argv[kept++] = argv[i];
    }
    argv[kept] = NULL;
    return kept;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Commands look at the token's claims before there is a connection, so the first one is asked for here. */
static const char *first_token(const struct pl_cli *cli)
{
    static char token[PARLEY_TOKEN_BYTES_MAX];
    if (pl_cli_run_token_command((void *)(uintptr_t)cli->token_command, token, sizeof token) == 0)
        return token;
    fputs("parley: the token command failed, or printed no token\n", stderr);
    exit(PL_CLI_CREDENTIALS);
}

/* What flags left open. */
static void fill_in(struct pl_cli *cli, const struct pl_credentials *stored)
{
    if (cli->token == NULL && cli->token_command == NULL)
        cli->token_command = environment("PARLEY_TOKEN_COMMAND");
    if (cli->token_command != NULL)
        cli->token = first_token(cli);
    if (cli->token == NULL)
        cli->token = environment("PARLEY_TOKEN");
    if (cli->token == NULL)
        cli->token = stored->token;
    if (cli->api_key == NULL)
        cli->api_key = environment("PARLEY_API_KEY");
    if (cli->endpoint == NULL)
        cli->endpoint = environment("PARLEY_GRPC");
    if (cli->endpoint == NULL)
        cli->endpoint = stored->endpoint != NULL ? stored->endpoint : "127.0.0.1:50051";
    cli->styled = isatty(STDOUT_FILENO) && environment("NO_COLOR") == NULL;
}

static const struct pl_cli_command *find(const char *name)
{
    for (size_t i = 0; i < COUNT(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static bool is_family(const char *word)
{
    for (size_t i = 0; i < COUNT(families); i++)
        if (strcmp(families[i], word) == 0)
            return true;
    return false;
}

/* argv[0] of the command is its last word; *ret_skip is how many words come before. */
static const struct pl_cli_command *find_command(int argc, char **argv, int *ret_skip)
{
    char name[64];
    *ret_skip = 1;
    if (argc < 2)
        return NULL;
    if (!is_family(argv[1]))
        return find(argv[1]);
    *ret_skip = 2;
    snprintf(name, sizeof name, "%s %.40s", argv[1], argc > 2 ? argv[2] : "");
    return find(name);
}

static enum pl_cli_exit run(struct pl_cli *cli, int argc, char **argv)
{
    int skip;
    cli->command = find_command(argc, argv, &skip);
    if (cli->command != NULL && cli->help) {
        print_command_help(cli->command);
        return PL_CLI_OK;
    }
    if (cli->command == NULL) {
        if (argc > 1 && !cli->help)
            fprintf(stderr, "parley: there is no command \"%s%s%s\"\n\n", argv[1], argc > 2 && skip == 2 ? " " : "",
                    argc > 2 && skip == 2 ? argv[2] : "");
        print_help(cli->help ? stdout : stderr);
        return cli->help ? PL_CLI_OK : PL_CLI_USAGE;
    }
    return cli->command->run(cli, argc - skip, argv + skip);
}

int main(int argc, char **argv)
{
    struct pl_cli cli = {.timeout_ms = 10000};
    struct pl_credentials stored;
    enum pl_cli_exit result;
    setlocale(LC_ALL, "");
    signal(SIGPIPE, SIG_IGN);
    argc = take_globals(&cli, argc, argv);
    pl_credentials_load(&stored);
    fill_in(&cli, &stored);
    result = run(&cli, argc, argv);
    parley_client_free(cli.client);
    pl_credentials_fini(&stored);
    if (fflush(stdout) != 0 && result == PL_CLI_OK)
        result = PL_CLI_REFUSED;
    return (int)result;
}
