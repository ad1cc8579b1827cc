/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What all headers share: sizes, errors, metadata. Structs of results are made by the library only, so they may grow at
 * the end; those that the caller fills in have an init function.
 */
#ifndef PARLEY_TYPES_H
#define PARLEY_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <parley/status.h>

/* Bytes of an id with its NUL. */
#define PARLEY_ID_BYTES 37
/* Largest body of a message. */
#define PARLEY_CONTENT_BYTES_MAX 65536
/* Most parts of a body that differs for each device, and the largest of all parts together. */
#define PARLEY_DEVICE_PARTS_MAX 32
#define PARLEY_DEVICE_PARTS_BYTES_MAX 262144
/* Largest device token with its NUL. */
#define PARLEY_TOKEN_BYTES_MAX 8192
/* Largest metadata of one entity: keys and values together. */
#define PARLEY_METADATA_BYTES_MAX 4096

typedef struct parley_error {
    parley_status status;
    char reason[64];    /* stable and for programs; the server's own word, also when this library does not know it */
    char sentence[512]; /* for people */
    int retry_after_ms; /* when set, the same call may succeed after so long */
} parley_error;

typedef struct parley_metadata {
    const char *key;
    const char *value;
} parley_metadata;

#endif
