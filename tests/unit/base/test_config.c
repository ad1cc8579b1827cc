/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Settings: precedence, both ways to write a flag, and sentences that help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"

enum { ARGUMENTS_MAX = 8 };

struct loaded {
    enum pl_status status;
    struct pl_config config;
    int rest;
    char error[256];
};

/* arguments: separated by blanks, without the program's name. */
static void load(struct loaded *loaded, char *arguments)
{
    char *argv[ARGUMENTS_MAX + 2] = {(char *)"parleyd"};
    int argc = 1;

    for (char *word = strtok(arguments, " "); word != NULL && argc <= ARGUMENTS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    memset(loaded, 0, sizeof(*loaded));
    loaded->rest = -1;
    struct pl_settings_source source = {
        .argc = argc, .argv = argv, .error = loaded->error, .error_bytes = sizeof(loaded->error)};
    loaded->status = pl_settings_load(&pl_config_settings, &source, &loaded->config, &loaded->rest);
}

static int clear_environment(void **state)
{
    (void)state;
    return unsetenv("PARLEY_READERS") + unsetenv("PARLEY_GRPC_LISTEN") + unsetenv("PARLEY_DATABASE") +
           unsetenv("PARLEY_ADMIN_LISTEN");
}

static void assert_refused(const char *arguments, const char *sentence)
{
    struct loaded loaded;
    char copy[256];

    snprintf(copy, sizeof(copy), "%s", arguments);
    load(&loaded, copy);
    assert_int_equal(loaded.status, PL_INVALID_ARGUMENT);
    assert_string_equal(loaded.error, sentence);
    assert_int_equal(loaded.rest, -1);
}

static void defaults_hold_when_nothing_is_set(void **state)
{
    struct loaded loaded;
    (void)state;

    load(&loaded, (char[]){""});
    assert_int_equal(loaded.status, PL_OK);
    assert_string_equal(loaded.config.grpc_listen, "127.0.0.1:50051");
    assert_string_equal(loaded.config.database, "");
    assert_int_equal(loaded.config.readers, 4);
    assert_int_equal(loaded.rest, 1);
}

static void environment_beats_defaults(void **state)
{
    struct loaded loaded;
    (void)state;

    setenv("PARLEY_READERS", "5", 1);
    setenv("PARLEY_GRPC_LISTEN", "unix:/tmp/p", 1);
    load(&loaded, (char[]){""});
    assert_int_equal(loaded.status, PL_OK);
    assert_int_equal(loaded.config.readers, 5);
    assert_string_equal(loaded.config.grpc_listen, "unix:/tmp/p");
}

static void flags_beat_the_environment(void **state)
{
    struct loaded loaded;
    (void)state;

    setenv("PARLEY_READERS", "5", 1);
    setenv("PARLEY_GRPC_LISTEN", "unix:/tmp/p", 1);
    load(&loaded, (char[]){"--readers=7 --grpc-listen 127.0.0.1:0"});
    assert_int_equal(loaded.status, PL_OK);
    assert_int_equal(loaded.config.readers, 7);
    assert_string_equal(loaded.config.grpc_listen, "127.0.0.1:0");
    assert_int_equal(loaded.rest, 4);
}

static void empty_variable_counts_as_not_set(void **state)
{
    struct loaded loaded;
    (void)state;

    setenv("PARLEY_READERS", "", 1);
    setenv("PARLEY_ADMIN_LISTEN", "", 1);
    load(&loaded, (char[]){""});
    assert_int_equal(loaded.status, PL_OK);
    assert_int_equal(loaded.config.readers, 4);
    assert_string_equal(loaded.config.admin_listen, "127.0.0.1:9090");
}

static void empty_flag_sets_the_empty_text(void **state)
{
    struct loaded loaded;
    (void)state;

    load(&loaded, (char[]){"--admin-listen="});
    assert_int_equal(loaded.status, PL_OK);
    assert_string_equal(loaded.config.admin_listen, "");
}

static void value_may_hold_an_equals_sign(void **state)
{
    struct loaded loaded;
    (void)state;

    load(&loaded, (char[]){"--database=host=/run dbname=x"});
    assert_int_equal(loaded.status, PL_OK);
    assert_string_equal(loaded.config.database, "host=/run");
    assert_int_equal(loaded.rest, 2);
}

static void words_and_double_dash_end_the_flags(void **state)
{
    struct loaded loaded;
    (void)state;

    load(&loaded, (char[]){"--readers=3 migrate --readers=4"});
    assert_int_equal(loaded.status, PL_OK);
    assert_int_equal(loaded.config.readers, 3);
    assert_int_equal(loaded.rest, 2);
    load(&loaded, (char[]){"--readers=3 -- --readers=4"});
    assert_int_equal(loaded.status, PL_OK);
    assert_int_equal(loaded.config.readers, 3);
    assert_int_equal(loaded.rest, 3);
}

static void bounds_are_part_of_the_range(void **state)
{
    struct loaded loaded;
    (void)state;

    load(&loaded, (char[]){"--readers=1 --rpc-threads=64 --drain-ms=0"});
    assert_int_equal(loaded.status, PL_OK);
    assert_int_equal(loaded.config.readers, 1);
    assert_int_equal(loaded.config.rpc_threads, 64);
    assert_int_equal(loaded.config.drain_ms, 0);
}

static void bad_numbers_are_refused_with_the_range(void **state)
{
    (void)state;
    assert_refused("--readers=0", "--readers: \"0\" is too small; it takes 1 to 64 (read connections)");
    assert_refused("--readers=65", "--readers: \"65\" is too large; it takes 1 to 64 (read connections)");
    assert_refused("--readers=2x", "--readers: \"2x\" is not a whole number; it takes 1 to 64 (read connections)");
    assert_refused("--readers=", "--readers: \"\" is not a whole number; it takes 1 to 64 (read connections)");
    assert_refused("--readers=-", "--readers: \"-\" is not a whole number; it takes 1 to 64 (read connections)");
    assert_refused("--readers=99999999999999999999",
                   "--readers: \"99999999999999999999\" is not a whole number; it takes 1 to 64 (read connections)");
}

static void bad_variable_is_named_as_it_was_written(void **state)
{
    (void)state;
    setenv("PARLEY_READERS", "many", 1);
    assert_refused("", "PARLEY_READERS: \"many\" is not a whole number; it takes 1 to 64 (read connections)");
}

static void unknown_flags_are_refused_without_their_value(void **state)
{
    (void)state;
    assert_refused("--databse=password=secret", "--databse is not a flag; --help lists them");
    assert_refused("--writer=3", "--writer is not a flag; --help lists them");
    assert_refused("--grpc_listen=x", "--grpc_listen is not a flag; --help lists them");
    assert_refused("-w", "-w is not a flag; --help lists them");
}

static void flag_without_value_is_refused(void **state)
{
    (void)state;
    assert_refused("--readers", "--readers needs a value: read connections");
    assert_refused("--readers --writers=2", "--readers needs a value: read connections");
}

static void assert_threads(char *arguments, long cores, const int expected[2])
{
    struct loaded loaded;

    load(&loaded, arguments);
    assert_int_equal(loaded.status, PL_OK);
    pl_config_fit(&loaded.config, cores);
    assert_int_equal(loaded.config.rpc_threads, expected[0]);
    assert_int_equal(loaded.config.writers, expected[1]);
}

static void threads_follow_the_number_of_cores_unless_set(void **state)
{
    (void)state;

    assert_threads((char[]){""}, 1, (int[]){1, 1});
    assert_threads((char[]){""}, 3, (int[]){1, 1});
    assert_threads((char[]){""}, 4, (int[]){4, 2});
    assert_threads((char[]){""}, 64, (int[]){16, 2});
    assert_threads((char[]){"--rpc-threads=3 --writers=4"}, 1, (int[]){3, 4});
    assert_threads((char[]){"--rpc-threads=2"}, 8, (int[]){2, 2});
}

static void help_lists_every_setting_with_its_default(void **state)
{
    char help[8192];
    FILE *file = tmpfile();
    int saved = dup(STDOUT_FILENO);
    (void)state;

    assert_non_null(file);
    fflush(stdout);
    dup2(fileno(file), STDOUT_FILENO);
    pl_settings_print_help(&pl_config_settings);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    rewind(file);
    help[fread(help, 1, sizeof(help) - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(help, "--grpc-listen=127.0.0.1:50051  addresses of the gRPC server, separated by commas"));
    assert_non_null(strstr(help, "--readers=4  read connections (1 to 64)\n"));
    assert_non_null(strstr(help, "--session-queue-bytes-max=262144  "));
}

#define WITH_CLEAN_ENVIRONMENT(test) cmocka_unit_test_setup_teardown(test, clear_environment, clear_environment)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CLEAN_ENVIRONMENT(defaults_hold_when_nothing_is_set),
        WITH_CLEAN_ENVIRONMENT(environment_beats_defaults),
        WITH_CLEAN_ENVIRONMENT(flags_beat_the_environment),
        WITH_CLEAN_ENVIRONMENT(threads_follow_the_number_of_cores_unless_set),
        WITH_CLEAN_ENVIRONMENT(empty_variable_counts_as_not_set),
        WITH_CLEAN_ENVIRONMENT(empty_flag_sets_the_empty_text),
        WITH_CLEAN_ENVIRONMENT(value_may_hold_an_equals_sign),
        WITH_CLEAN_ENVIRONMENT(words_and_double_dash_end_the_flags),
        WITH_CLEAN_ENVIRONMENT(bounds_are_part_of_the_range),
        WITH_CLEAN_ENVIRONMENT(bad_numbers_are_refused_with_the_range),
        WITH_CLEAN_ENVIRONMENT(bad_variable_is_named_as_it_was_written),
        WITH_CLEAN_ENVIRONMENT(unknown_flags_are_refused_without_their_value),
        WITH_CLEAN_ENVIRONMENT(flag_without_value_is_refused),
        WITH_CLEAN_ENVIRONMENT(help_lists_every_setting_with_its_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
