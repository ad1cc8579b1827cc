/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Plain HTML, without scripts. */
#include "gateway/pages/problem_page.h"

#include <string.h>

/* google.rpc.Code */
static const char *const grpc_names[] = {
    "OK",        "CANCELLED",       "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS",  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",    "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED",
};

static void put(struct pl_buf *buf, const char *html)
{
    pl_buf_put(buf, html, strlen(html));
}

static void put_text(struct pl_buf *buf, const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (*at == '<')
            put(buf, "&lt;");
        else if (*at == '>')
            put(buf, "&gt;");
        else if (*at == '&')
            put(buf, "&amp;");
        else
            pl_buf_put_u8(buf, (uint8_t)*at);
}

static void put_head(struct pl_buf *buf, const char *title)
{
    pl_buf_printf(buf,
                  "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<title>%s: Parley</title>\n<link rel=\"icon\" href=\"/favicon.ico\">\n"
                  "<link rel=\"stylesheet\" href=\"/docs/docs.css\">\n</head>\n<body class=\"page\">\n<h1>%s</h1>\n",
                  title, title);
}

static void put_row(struct pl_buf *buf, const char *name, const char *text)
{
    pl_buf_printf(buf, "<tr><th>%s</th><td>", name);
    put_text(buf, text);
    put(buf, "</td></tr>\n");
}

void pl_problem_page_write(struct pl_buf *buf, enum pl_status status)
{
    put_head(buf, pl_status_reason(status));
    put(buf, "<table>\n");
    put_row(buf, "What is wrong", pl_status_sentence(status));
    put_row(buf, "What to do", pl_status_cure(status));
    pl_buf_printf(buf, "<tr><th>HTTP status</th><td>%d</td></tr>\n<tr><th>gRPC code</th><td>%d %s</td></tr>\n",
                  pl_status_http(status), pl_status_grpc_code(status), grpc_names[pl_status_grpc_code(status)]);
    put(buf, "</table>\n<p>The answer itself says more: <code>detail</code> is a sentence about the request, "
             "<code>metadata</code> and <code>field_violations</code> name what it is about, and "
             "<code>request_id</code> is in the server's log.</p>\n"
             "<p><a href=\"/problems\">All errors</a> · <a href=\"/docs\">Reference</a></p>\n</body>\n</html>\n");
}

void pl_problem_list_write(struct pl_buf *buf)
{
    put_head(buf, "Errors");
    put(buf, "<p>Each has its reason over gRPC (in ErrorInfo) and over REST (in problem+json).</p>\n<table>\n");
    for (int status = PL_OK + 1; status < PL_STATUS_COUNT; status++) {
        const char *reason = pl_status_reason((enum pl_status)status);
        pl_buf_printf(buf, "<tr><th><a href=\"/problems/%s\">%s</a></th><td>%d</td><td>", reason, reason,
                      pl_status_http((enum pl_status)status));
        put_text(buf, pl_status_sentence((enum pl_status)status));
        put(buf, "</td></tr>\n");
    }
    put(buf, "</table>\n<p><a href=\"/docs\">Reference</a></p>\n</body>\n</html>\n");
}
