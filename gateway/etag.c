/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Tags hold no quotes, so a list of them is walked from quote to quote. */
#include "gateway/etag.h"

#include <stddef.h>
#include <string.h>

struct tag {
    const char *at;
    size_t bytes;
};

static const char *skip(const char *text, const char *characters)
{
    return text + strspn(text, characters);
}

/* The tag at the beginning; what follows it, NULL when there is none. */
static const char *take(const char *text, struct tag *ret_tag)
{
    const char *close;
    if (strncmp(text, "W/", 2) == 0)
        text += 2;
    close = text[0] == '"' ? strchr(text + 1, '"') : NULL;
    if (close == NULL)
        return NULL;
    *ret_tag = (struct tag){.at = text + 1, .bytes = (size_t)(close - text) - 1};
    return skip(close + 1, " \t");
}

const char *pl_etag_format(const char *etag, struct pl_arena *arena)
{
    for (const char *at = etag; *at != '\0'; at++)
        if (*at <= ' ' || *at == '"' || *at >= 0x7f)
            return NULL;
    return pl_arena_printf(arena, "\"%s\"", etag);
}

enum pl_status pl_etag_parse(const char *if_match, struct pl_arena *arena, const char **ret_etag)
{
    const char *text = skip(if_match, " \t");
    struct tag tag = {.at = "", .bytes = 0};
    const char *rest = text[0] == '*' ? skip(text + 1, " \t") : take(text, &tag);
    if (rest == NULL || *rest != '\0')
        return PL_INVALID_ARGUMENT;
    *ret_etag = pl_arena_copy(arena, tag.at, tag.bytes);
    return PL_OK;
}

bool pl_etag_matches(const char *if_none_match, const char *etag)
{
    const char *text = if_none_match;
    if (text != NULL && *skip(text, " \t") == '*')
        return true;
    while (text != NULL && *(text = skip(text, " \t,")) != '\0') {
        struct tag tag;
        text = take(text, &tag);
        if (text != NULL && tag.bytes == strlen(etag) && memcmp(tag.at, etag, tag.bytes) == 0)
            return true;
    }
    return false;
}
