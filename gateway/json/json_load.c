/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Text to tree. jansson takes 60 to 250 bytes for a value that is two or three characters of text, and stops at a depth
 * of 2,048, so both are bounded before it sees the text. Its own error texts quote the text, so ours are made of its
 * codes.
 */
#include <stdio.h>

#include "base/limits.h"
#include "gateway/json/reader.h"

static bool too_much(struct pl_json_problem *problem, int max, const char *what)
{
    *problem = (struct pl_json_problem){.status = PL_MALFORMED_JSON};
    snprintf(problem->sentence, sizeof(problem->sentence), "the body has more than %d %s", max, what);
    return false;
}

/* The index of the quote that ends the string which begins behind at; bytes when none does. */
static size_t skip_string(const char *text, size_t bytes, size_t at)
{
    while (at < bytes && text[at] != '"')
        at += text[at] == '\\' ? 2 : 1;
    return at;
}

/* Of text that is no JSON it counts something; jansson refuses that. */
static bool within_limits(const char *text, size_t bytes, struct pl_json_problem *problem)
{
    size_t values = 1;
    int depth = 0;

    for (size_t at = 0; at < bytes; at++)
        switch (text[at]) {
        case '"':
            at = skip_string(text, bytes, at + 1);
            break;
        case '{':
        case '[':
            values++;
            if (++depth > PL_JSON_DEPTH_MAX)
                return too_much(problem, PL_JSON_DEPTH_MAX, "levels of objects and lists");
            break;
        case '}':
        case ']':
            depth--;
            break;
        case ',':
            if (++values > PL_JSON_VALUES_MAX)
                return too_much(problem, PL_JSON_VALUES_MAX, "values");
            break;
        default:
            break;
        }
    return true;
}

static const char *meaning_of(enum json_error_code code)
{
    switch (code) {
    case json_error_invalid_utf8:
        return "the body is not valid UTF-8";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "the body has a string with \\u0000, which no text may contain";
    case json_error_premature_end_of_input:
        return "the body ends in the middle of its JSON";
    case json_error_end_of_input_expected:
        return "the body goes on behind its JSON object";
    case json_error_duplicate_key:
        return "the body has an object with the same name twice";
    case json_error_numeric_overflow:
        return "the body has a number that is too large; write it as a string";
    default:
        return "the body is not valid JSON";
    }
}

static enum pl_status status_of(enum json_error_code code)
{
    bool text =
        code == json_error_invalid_utf8 || code == json_error_null_character || code == json_error_null_byte_in_key;

    return text ? PL_INVALID_TEXT : PL_MALFORMED_JSON;
}

json_t *pl_json_load(const char *text, size_t bytes, struct pl_json_problem *problem)
{
    json_error_t error;

    if (!within_limits(text, bytes, problem))
        return NULL;
    json_t *tree = json_loadb(text, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (tree == NULL) {
        enum json_error_code code = json_error_code(&error);
        *problem = (struct pl_json_problem){.status = status_of(code)};
        snprintf(problem->sentence, sizeof(problem->sentence), "%s (line %d, column %d)", meaning_of(code), error.line,
                 error.column);
    }
    return tree;
}
