/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Tags hold no quotes, so a list of them is walked from quote to quote. */
#include "gateway/etag.h"

#include <sodium.h>
#include <string.h>

#define LIST_GAP " \t,"

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

/* One that the field cannot have would read as no condition, or as two. */
static bool is_a_field(struct tag tag)
{
    return tag.bytes > 0 && memchr(tag.at, ',', tag.bytes) == NULL;
}

enum pl_status pl_etag_parse(const char *if_match, struct pl_arena *arena, const char **ret_etags)
{
    const char *text = skip(if_match, LIST_GAP);
    const char *etags = "";
    if (strcmp(text, "*") == 0) {
        *ret_etags = "";
        return PL_OK;
    }
    while (*text != '\0') {
        struct tag tag;
        text = take(text, &tag);
        if (text == NULL || (*text != ',' && *text != '\0') || !is_a_field(tag))
            return PL_INVALID_ARGUMENT;
        etags = pl_arena_printf(arena, "%s%s%.*s", etags, etags[0] == '\0' ? "" : ",", (int)field_bytes(tag), tag.at);
        text = skip(text, LIST_GAP);
    }
    *ret_etags = etags;
    return etags[0] == '\0' ? PL_INVALID_ARGUMENT : PL_OK;
}

bool pl_etag_matches(const char *if_none_match, const char *tag)
{
    const char *text = if_none_match;
    if (text != NULL && *skip(text, " \t") == '*')
        return true;
    while (text != NULL && *(text = skip(text, LIST_GAP)) != '\0') {
        struct tag known;
        text = take(text, &known);
        if (text != NULL && known.bytes + 2 == strlen(tag) && memcmp(known.at, tag + 1, known.bytes) == 0)
            return true;
    }
    return false;
}
