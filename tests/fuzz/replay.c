/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Runs a fuzz target once over nothing and once over each file that is named, without libFuzzer. Each
 * input is in memory of exactly its size, so that a sanitizer sees the first byte read past it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat about;
    uint8_t *data;
    size_t bytes;

    if (file == NULL || fstat(fileno(file), &about) != 0) {
        perror(path);
        return EXIT_FAILURE;
    }
    bytes = (size_t)about.st_size;
    data = malloc(bytes);
    if ((data == NULL && bytes > 0) || fread(data, 1, bytes, file) != bytes) {
        perror(path);
        return EXIT_FAILURE;
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, bytes);
    free(data);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    uint8_t nothing = 0;

    LLVMFuzzerTestOneInput(&nothing, 0);
    for (int i = 1; i < argc; i++)
        if (replay(argv[i]) != EXIT_SUCCESS)
            return EXIT_FAILURE;
    if (argc < 2) {
        fprintf(stderr, "%s: no inputs\n", argv[0]);
        return EXIT_FAILURE;
    }
    printf("%d inputs\n", argc - 1);
    return EXIT_SUCCESS;
}
