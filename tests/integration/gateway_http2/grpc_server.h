/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A gRPC server that answers as a test wants, well or badly, by the path of the call:
 *
 *   /echo        the request's message
 *   /limited     the same, with the metadata ratelimit and ratelimit-policy
 *   /bytes       the same, each byte in a DATA frame of its own
 *   /refused     status 5 with a sentence and details, in trailers only
 *   /held        as /echo, once /release came; the last first
 *   /release     as /echo
 *   /silent      nothing
 *   /unprocessed RST_STREAM with REFUSED_STREAM
 *   /reset       RST_STREAM with INTERNAL_ERROR
 *   /excess      one byte behind the message
 *   /compressed  a message that says so
 *   /large       the prefix of a message of 2 MiB
 *   /huge        the prefix of a message of 4 GiB
 *   /short       less of a message than its prefix says
 *   /nothing     status 0 without a message
 *   /wordless    a message without a status
 *   /verbose     as /echo, with headers and trailers of 40 KB each
 *   /more        as /held; from now on it takes 100 streams
 *   /garbage     DATA on stream 0
 *   /going       GOAWAY; the answer as /echo, once /release came on another connection
 *   /unheard     GOAWAY, of which it says that it came before this call
 *   /cut         the connection is closed
 */
#ifndef PL_TESTS_GRPC_SERVER_H
#define PL_TESTS_GRPC_SERVER_H

#include <stdbool.h>

struct grpc_server;

struct grpc_server_seen {
    unsigned connections;
    unsigned cancelled;     /* streams that the client has reset with CANCEL */
    unsigned most_streams;  /* open at a time, on one connection */
    unsigned most_requests; /* whose heads came in one read */
    char authority[64];
    char timeout[32];
    char api_key[64];
    bool is_indexed; /* api_key went into the table of HPACK, or came from it */
};

/* Listens at a path in a folder of its own, which is not there before start; streams_max: 0 for none. */
struct grpc_server *grpc_server_new(unsigned streams_max);
void grpc_server_start(struct grpc_server *server);
/* Instead: clients connect, but hear nothing until grpc_server_hear. */
void grpc_server_start_deaf(struct grpc_server *server);
void grpc_server_hear(struct grpc_server *server);
/* Instead: listens at a port of localhost, which the endpoint says by name. */
void grpc_server_start_by_name(struct grpc_server *server);
/* Closes all connections and listens no more. */
void grpc_server_stop(struct grpc_server *server);
/* Answers what is held, closes all connections at once and listens no more. */
void grpc_server_part(struct grpc_server *server);
/* Stops, too. */
void grpc_server_free(struct grpc_server *server);
/* unix:/path, or localhost:port */
const char *grpc_server_endpoint(const struct grpc_server *server);
struct grpc_server_seen grpc_server_seen(struct grpc_server *server);

#endif
