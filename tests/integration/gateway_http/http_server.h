/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A server for tests of gateway/http, with handlers by path:
 *
 *     /now     answered before handle() returns        /later   answered by another thread, after it has returned
 *     /held    answered by http_server_release          /echo    the body, as it came
 *     /text    2000 bytes of text                       /verb    the verb, path and query, as the handler sees them
 *     /seen    the header X-Seen: in how many lines it came, and its value
 */
#ifndef TESTS_GATEWAY_HTTP_SERVER_H
#define TESTS_GATEWAY_HTTP_SERVER_H

#include "gateway/http/http.h"

struct http_server;

/* Any field of limits that is 0 gets a default that no test meets. */
struct http_server *http_server_open(struct pl_http_options limits);
void http_server_close(struct http_server *server);
int http_server_port(const struct http_server *server);
struct pl_http_server *http_server_http(struct http_server *server);
/* Waits for a request to /held. */
void http_server_wait_held(struct http_server *server);
/* Answers it, from the caller's thread. */
void http_server_release(struct http_server *server);
/* How many requests handle() was given. */
unsigned http_server_handled(struct http_server *server);
/* The metrics. */
unsigned http_server_turned_away(struct http_server *server);
unsigned http_server_connections(struct http_server *server);

#endif
