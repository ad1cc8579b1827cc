/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Tags hold no quotes, so a list of them is walked from quote to quote. */
#include "gateway/etag.h"

#include <sodium.h>
#include <string.h>

enum { HASH_BYTES = 16, HASH_CHARS = 2 * HASH_BYTES };

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

/* Without the hash of a body, when there is one. */
static size_t field_bytes(struct tag tag)
{
    size_t bytes = tag.bytes > HASH_CHARS ? tag.bytes - HASH_CHARS - 1 : 0;
    bool hashed = bytes > 0 && tag.at[bytes] == '.' && strspn(tag.at + bytes + 1, "0123456789abcdef") == HASH_CHARS;
    return hashed ? bytes : tag.bytes;
}

const char *pl_etag_format(const char *etag, const void *body, size_t body_bytes, struct pl_arena *arena)
{
    unsigned char hash[HASH_BYTES];
    char text[HASH_CHARS + 1];
    for (const char *at = etag; *at != '\0'; at++)
        if (*at <= ' ' || *at == '"' || *at >= 0x7f)
            return NULL;
    crypto_generichash(hash, sizeof hash, body, body_bytes, NULL, 0);
    sodium_bin2hex(text, sizeof text, hash, sizeof hash);
    return pl_arena_printf(arena, "\"%s.%s\"", etag, text);
}

enum pl_status pl_etag_parse(const char *if_match, struct pl_arena *arena, const char **ret_etag)
{
    const char *text = skip(if_match, " \t");
    struct tag tag = {.at = "", .bytes = 0};
    const char *rest = text[0] == '*' ? skip(text + 1, " \t") : take(text, &tag);
    if (rest == NULL || *rest != '\0')
        return PL_INVALID_ARGUMENT;
    *ret_etag = pl_arena_copy(arena, tag.at, field_bytes(tag));
    return PL_OK;
}

bool pl_etag_matches(const char *if_none_match, const char *tag)
{
    const char *text = if_none_match;
    if (text != NULL && *skip(text, " \t") == '*')
        return true;
    while (text != NULL && *(text = skip(text, " \t,")) != '\0') {
        struct tag known;
        text = take(text, &known);
        if (text != NULL && known.bytes + 2 == strlen(tag) && memcmp(known.at, tag + 1, known.bytes) == 0)
            return true;
    }
    return false;
}
