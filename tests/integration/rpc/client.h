/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A blocking gRPC client for tests, straight on gRPC core. Failures of the client itself abort the test. One thread
 * for each client.
 */
#ifndef PL_TEST_CLIENT_H
#define PL_TEST_CLIENT_H

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client {
    grpc_channel *channel;
    grpc_completion_queue *queue;
};

/* How a call ended. */
struct reply {
    int code;
    char *sentence;
    uint8_t *data; /* NULL when there was no message */
    size_t bytes;
    char reason[64];    /* of ErrorInfo; "" without details */
    char metadata[128]; /* of ErrorInfo: "key=value;..." */
    int retry_after_ms;
};

struct metadata {
    const char *key;
    const char *value;
};

/* A unary call on its way. */
struct unary_call {
    struct client *client;
    grpc_call *call;
    grpc_byte_buffer *request;
    grpc_byte_buffer *response;
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_status_code code;
    grpc_slice sentence;
};

struct request {
    const char *path;
    const void *data; /* NULL: half-close without a message */
    size_t bytes;
    int deadline_ms; /* 0: none that matters */
    struct metadata metadata[4];
    bool gzip;
};

/* target as grpc_channel_create has it. */
void client_open(struct client *client, const char *target);
void client_open_port(struct client *client, int port);
void client_close(struct client *client);

struct reply client_call(struct client *client, const struct request *request);
void client_start(struct client *client, const struct request *request, struct unary_call *ret_call);
struct reply client_wait(struct unary_call *call);
void reply_free(struct reply *reply);

struct stream_call {
    struct client *client;
    grpc_call *call;
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_status_code code;
    grpc_slice sentence;
    grpc_byte_buffer *outgoing;
    grpc_byte_buffer *incoming;
    char status_tag;
    char headers_tag;
    char write_tag;
    char read_tag;
};

/* Returns when the server's headers are there. */
void stream_open(struct client *client, const char *path, struct stream_call *ret_stream);
/* False when the stream has ended. */
bool stream_write(struct stream_call *stream, const void *data, size_t bytes);
void stream_half_close(struct stream_call *stream);
/* The next message, to be freed; NULL at the end. */
uint8_t *stream_read(struct stream_call *stream, size_t *ret_bytes);
void stream_cancel(struct stream_call *stream);
/* Waits for the status and frees the stream. */
struct reply stream_end(struct stream_call *stream);

#endif
