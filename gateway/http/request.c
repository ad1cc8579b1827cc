/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * libmicrohttpd calls begin with the request line, run with the head, run with each piece of the body, run without a
 * piece, and once more after a suspended request was resumed. While a request is suspended, libmicrohttpd does not look
 * at its connection: a client that goes away is noticed when the answer is sent.
 *
 * Who answers and the http thread meet in `stage`: the http thread suspends before it says SUSPENDED, and only who
 * finds SUSPENDED resumes.
 */
#include "gateway/http/request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "gateway/http/answer.h"
#include "gateway/http/server.h"

enum { ARENA_BODIES = 8, ARENA_BYTES_MIN = 1 << 20 };

static void set_address(struct pl_http_request *request, const struct sockaddr *peer)
{
    if (peer->sa_family == AF_INET6) {
        request->address = ((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
    } else {
        request->address = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
        memcpy(&request->address.s6_addr[12], &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
    }
    if (IN6_IS_ADDR_V4MAPPED(&request->address))
        inet_ntop(AF_INET, &request->address.s6_addr[12], request->address_text, sizeof(request->address_text));
    else
        inet_ntop(AF_INET6, &request->address, request->address_text, sizeof(request->address_text));
}

static int64_t due_us(int64_t ms)
{
    return pl_clock_now_us() + ms * 1000;
}

struct pl_http_request *pl_http_request_new(struct pl_http_server *server, int fd, const struct sockaddr *peer)
{
    struct pl_http_request *request = calloc(1, sizeof(*request));

    pl_assert(request != NULL);
    request->server = server;
    request->fd = fd;
    set_address(request, peer);
    pl_arena_init(&request->arena, ARENA_BYTES_MIN + ARENA_BODIES * server->options.body_bytes_max);
    pl_http_request_reset(request);
    return request;
}

void pl_http_request_free(struct pl_http_request *request)
{
    pl_http_body_release(request);
    pl_arena_fini(&request->arena);
    free(request);
}

void pl_http_request_reset(struct pl_http_request *request)
{
    const struct pl_http_options *options = &request->server->options;

    pl_http_body_release(request);
    pl_arena_reset(&request->arena);
    pl_framing_init(&request->framing, options->body_bytes_max);
    request->verb = NULL;
    request->path = "";
    request->query = "";
    request->upgrade.upgraded = NULL;
    atomic_store(&request->stage, PL_HTTP_READING);
    atomic_store(&request->deadline_us, due_us(options->idle_ms));
    atomic_store(&request->idle, true);
}

/* Each part of a request has its own time from its first byte on. */
static void set_deadline(struct pl_http_request *request, enum pl_framing_phase phase)
{
    const struct pl_http_options *options = &request->server->options;

    atomic_store(&request->idle, false);
    if (phase == PL_FRAMING_HEAD)
        atomic_store(&request->deadline_us, due_us(options->header_deadline_ms));
    else if (phase == PL_FRAMING_BODY)
        atomic_store(&request->deadline_us, due_us(options->body_deadline_ms));
    else
        atomic_store(&request->deadline_us, INT64_MAX);
}

static bool is_unfinished(enum pl_framing_phase phase)
{
    return phase == PL_FRAMING_HEAD || phase == PL_FRAMING_BODY;
}

/*
 * libmicrohttpd takes a short read for all that is there until it hears of more, and would not hear of an end of the
 * stream that came with it: the request would keep what it has until its deadline. shutdown(2) makes itself heard.
 */
static void repeat_end(const struct pl_http_request *request)
{
    char byte;

    if (recvfrom(request->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL) == 0)
        shutdown(request->fd, SHUT_RD);
}

static ssize_t frame(struct pl_http_request *request, uint8_t *data, size_t got, size_t room)
{
    enum pl_framing_phase before = pl_framing_phase(&request->framing);
    size_t done = pl_framing_put(&request->framing, data, got);

    if (request->framing.status != PL_OK)
        done += pl_framing_fill(&request->framing, data + done, room - done);
    enum pl_framing_phase after = pl_framing_phase(&request->framing);
    if (after != before)
        set_deadline(request, after);
    if (is_unfinished(after))
        repeat_end(request);
    if (done > 0)
        return (ssize_t)done;
    errno = EAGAIN;
    return -1;
}

ssize_t pl_http_request_read(struct pl_http_request *request, void *data, size_t bytes, int flags)
{
    struct pl_framing *framing = &request->framing;
    enum pl_framing_phase phase = pl_framing_phase(framing);

    if (atomic_load(&request->late) && is_unfinished(phase))
        pl_framing_fail(framing, PL_REQUEST_TIMEOUT, "the request did not arrive in time");
    if (framing->status != PL_OK)
        return (ssize_t)pl_framing_fill(framing, data, bytes);
    ssize_t got = recvfrom(request->fd, data, bytes, flags, NULL, NULL);
    return got <= 0 ? got : frame(request, data, (size_t)got, bytes);
}

/* Where the path of a target begins: RFC 9112 section 3.2, origin-form, absolute-form or asterisk-form. */
static const char *find_path(const char *target)
{
    if (target[0] == '/' || strcmp(target, "*") == 0)
        return target;
    if (strncasecmp(target, "http://", 7) != 0 && strncasecmp(target, "https://", 8) != 0)
        return NULL;
    target = strstr(target, "//") + 2;
    target += strcspn(target, "/?");
    return *target == '\0' ? "/" : target;
}

static void set_target(struct pl_http_request *request, const char *target)
{
    const char *path = find_path(target);

    if (path == NULL || *path == '?') {
        pl_framing_fail(&request->framing, PL_MALFORMED_REQUEST, "the request target is not a path");
        return;
    }
    size_t path_bytes = strcspn(path, "?");
    request->path = pl_arena_copy(&request->arena, path, path_bytes);
    if (path[path_bytes] == '?')
        request->query = pl_arena_copy(&request->arena, path + path_bytes + 1, strlen(path + path_bytes + 1));
    if (strstr(request->path, "%00") != NULL)
        pl_framing_fail(&request->framing, PL_MALFORMED_REQUEST, "the path has an encoded NUL (%00)");
}

void *pl_http_request_begin(void *context, const char *target, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct pl_http_request *request = info->socket_context;
    (void)context;

    request->connection = connection;
    set_target(request, target);
    return request;
}

static bool takes_body(const char *verb)
{
    return strcmp(verb, "POST") == 0 || strcmp(verb, "PUT") == 0 || strcmp(verb, "PATCH") == 0;
}

/*
 * A body is announced by its type, and has no length: without both there is none, as in `curl -X PUT URL`. Some clients
 * send a Content-Type with every DELETE and HEAD, and mean nothing by it.
 */
static bool lacks_length(struct pl_http_request *request)
{
    const struct pl_framing *framing = &request->framing;

    return !framing->length_given && !framing->chunked && takes_body(request->verb) &&
           pl_http_header(request, "Content-Type") != NULL;
}

/* Gives the request away. It may be answered before handle() returns, here or by another thread. */
static enum MHD_Result hand_over(struct pl_http_request *request)
{
    const struct pl_http_options *options = &request->server->options;
    struct MHD_Connection *connection = request->connection;
    int handled = PL_HTTP_HANDLED;

    atomic_store(&request->stage, PL_HTTP_HANDLED);
    if (request->framing.status != PL_OK)
        options->refuse(request, request->framing.status, request->framing.sentence, options->context);
    else
        options->handle(request, options->context);
    if (atomic_load(&request->stage) == PL_HTTP_REPLIED)
        return pl_http_answer(request);
    MHD_suspend_connection(connection);
    if (!atomic_compare_exchange_strong(&request->stage, &handled, PL_HTTP_SUSPENDED)) {
        MHD_resume_connection(connection);
        pl_http_lane_resume(request->lane);
    }
    return MHD_YES;
}

/* With the head. What is refused here is answered at once, and its body not read. */
static enum MHD_Result take_head(struct pl_http_request *request, const char *verb)
{
    struct pl_framing *framing = &request->framing;

    /* libmicrohttpd has read past the framing: nothing that it says could be trusted. */
    pl_assert(pl_framing_phase(framing) >= PL_FRAMING_BODY);
    request->verb = verb;
    if (lacks_length(request))
        pl_framing_fail(framing, PL_LENGTH_REQUIRED,
                        "a POST, PUT or PATCH with Content-Type needs Content-Length, if only 0");
    return framing->status == PL_OK ? MHD_YES : hand_over(request);
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are MHD's. */
enum MHD_Result pl_http_request_run(void *context, struct MHD_Connection *connection, const char *path,
                                    const char *method, const char *version, const char *upload, size_t *upload_bytes,
                                    void **state)
{
    struct pl_http_request *request = *state;
    (void)context;
    (void)connection;
    (void)path;
    (void)version;

    if (atomic_load(&request->stage) == PL_HTTP_REPLIED)
        return pl_http_answer(request);
    if (request->verb == NULL)
        return take_head(request, method);
    if (*upload_bytes > 0) {
        pl_http_body_put(request, upload, *upload_bytes);
        *upload_bytes = 0;
        return MHD_YES;
    }
    return hand_over(request);
}

const char *pl_http_verb(const struct pl_http_request *request)
{
    return strcmp(request->verb, "HEAD") == 0 ? "GET" : request->verb;
}

const char *pl_http_path(const struct pl_http_request *request)
{
    return request->path;
}

const char *pl_http_query(const struct pl_http_request *request)
{
    return request->query;
}

const char *pl_http_address(const struct pl_http_request *request)
{
    return request->address_text;
}

const uint8_t *pl_http_body(const struct pl_http_request *request, size_t *ret_bytes)
{
    *ret_bytes = request->body.bytes;
    return request->body.data;
}

struct pl_arena *pl_http_arena(struct pl_http_request *request)
{
    return &request->arena;
}

/* The server is not closed under us: see pl_http_close. */
static void finish(struct pl_http_request *request)
{
    struct pl_http_server *server = request->server;
    struct MHD_Connection *connection = request->connection;
    struct pl_http_lane *lane = request->lane;

    int stage = atomic_exchange(&request->stage, PL_HTTP_REPLIED);
    pl_assert(stage == PL_HTTP_HANDLED || stage == PL_HTTP_SUSPENDED);
    if (stage == PL_HTTP_SUSPENDED) {
        MHD_resume_connection(connection);
        pl_http_lane_resume(lane);
    }
    atomic_fetch_sub(&server->replying, 1);
}

void pl_http_reply(struct pl_http_request *request, const struct pl_http_reply *reply)
{
    atomic_fetch_add(&request->server->replying, 1);
    request->reply = *reply;
    finish(request);
}

bool pl_http_can_upgrade(const struct pl_http_request *request)
{
    const struct pl_framing *framing = &request->framing;

    return strcmp(request->verb, "GET") == 0 && !framing->old && !framing->chunked && framing->body_bytes == 0 &&
           !framing->excess;
}

void pl_http_upgrade(struct pl_http_request *request, const struct pl_http_upgrade *upgrade)
{
    atomic_fetch_add(&request->server->replying, 1);
    request->upgrade = *upgrade;
    finish(request);
}
