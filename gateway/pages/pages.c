/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The table of pages: files first, then what is made of the tables of errors and limits. */
#include "gateway/pages/pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "gateway/pages/embedded.h"
#include "gateway/pages/problem_page.h"

#define PAGE_BYTES_MAX (256 << 10)
#define HTML "text/html; charset=utf-8"
#define HEADER_COUNT (sizeof(headers) / sizeof(headers[0]))

struct pl_web_pages {
    struct pl_arena arena;
    struct pl_web_page *pages;
    unsigned count;
    size_t body_bytes_max;
};

/* Only what this gateway serves is loaded; swagger-ui.css has its pictures within itself. */
static const struct pl_http_header headers[] = {
    {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                                "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "public, max-age=300"},
};

static struct pl_web_page *add(struct pl_web_pages *pages, const char *path, const char *content_type)
{
    struct pl_web_page *page = &pages->pages[pages->count++];
    *page = (struct pl_web_page){
        .path = path, .content_type = content_type, .headers = headers, .header_count = HEADER_COUNT};
    return page;
}

/* Moves what the buffer has into the page. */
static void fill(struct pl_web_pages *pages, struct pl_web_page *page, struct pl_buf *buf)
{
    pl_assert(!buf->overflowed);
    page->body = pl_arena_copy(&pages->arena, buf->data, buf->bytes);
    page->body_bytes = buf->bytes;
    pl_buf_reset(buf);
}

static void add_embedded(struct pl_web_pages *pages)
{
    for (unsigned i = 0; i < pl_embedded_count; i++) {
        struct pl_web_page *page = add(pages, pl_embedded[i].path, pl_embedded[i].content_type);
        page->body = pl_embedded[i].body;
        page->body_bytes = *pl_embedded[i].bytes;
    }
}

static void add_problems(struct pl_web_pages *pages, struct pl_buf *buf)
{
    pl_problem_list_write(buf);
    fill(pages, add(pages, "/problems", HTML), buf);
    for (int status = PL_OK + 1; status < PL_STATUS_COUNT; status++) {
        const char *reason = pl_status_reason((enum pl_status)status);
        pl_problem_page_write(buf, (enum pl_status)status);
        fill(pages, add(pages, pl_arena_printf(&pages->arena, "/problems/%s", reason), HTML), buf);
    }
}

static void add_limits(struct pl_web_pages *pages, struct pl_buf *buf)
{
    pl_buf_printf(buf, "{\"limits\":{\"request_body_bytes_max\":%zu", pages->body_bytes_max);
#define PL_LIMIT(name, value, key, sentence) pl_buf_printf(buf, ",\"" key "\":%d", value);
#include "limits.def"
#undef PL_LIMIT
    pl_buf_printf(buf, "},\"meanings\":{\"request_body_bytes_max\":\"the body of a request\"");
#define PL_LIMIT(name, value, key, sentence) pl_buf_printf(buf, ",\"" key "\":\"" sentence "\"");
#include "limits.def"
#undef PL_LIMIT
    pl_buf_printf(buf, "},\"rate_limits\":{");
    const char *comma = "";
#define PL_QUOTA(name, key, unit, meaning, sentence)                                                                   \
    pl_buf_printf(buf, "%s\"" key "\":\"" meaning "\"", comma);                                                        \
    comma = ",";
#include "quotas.def"
#undef PL_QUOTA
    pl_buf_printf(buf, "}}");
    fill(pages, add(pages, "/limits", "application/json"), buf);
}

struct pl_web_pages *pl_web_pages_new(size_t body_bytes_max)
{
    struct pl_web_pages *pages = calloc(1, sizeof(*pages));
    struct pl_buf buf;
    pl_assert(pages != NULL);
    pages->body_bytes_max = body_bytes_max;
    pl_arena_init(&pages->arena, 0);
    pages->pages = pl_arena_array(&pages->arena, struct pl_web_page, pl_embedded_count + PL_STATUS_COUNT + 1);
    pl_buf_init(&buf, PAGE_BYTES_MAX);
    add_embedded(pages);
    add_problems(pages, &buf);
    add_limits(pages, &buf);
    pl_buf_fini(&buf);
    return pages;
}

void pl_web_pages_free(struct pl_web_pages *pages)
{
    if (pages == NULL)
        return;
    pl_arena_fini(&pages->arena);
    free(pages);
}

const struct pl_web_page *pl_web_pages_find(const struct pl_web_pages *pages, const char *path)
{
    size_t bytes = strlen(path);
    if (bytes > 1 && path[bytes - 1] == '/')
        bytes--;
    for (unsigned i = 0; i < pages->count; i++)
        if (strncmp(pages->pages[i].path, path, bytes) == 0 && pages->pages[i].path[bytes] == '\0')
            return &pages->pages[i];
    return NULL;
}
