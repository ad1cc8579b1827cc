/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The quality of a coding is read to thousandths, as RFC 9110 section 12.4.2 writes them; what cannot be read counts as
 * 0. Level 4: the last of zlib's fast ones, within a few percent of the default on JSON.
 */
#include "gateway/http/gzip.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum { LEVEL = 4, GZIP_WINDOW_BITS = 15 + 16, MEMORY_LEVEL = 8, QUALITY_FULL = 1000, QUALITY_UNNAMED = -1 };

struct state {
    struct state *next;
    z_stream stream;
};

struct pl_gzip {
    pthread_mutex_t lock; /* guards what follows */
    struct state *states;
    unsigned count;
    unsigned max;
};

/* What follows "q=", in thousandths. */
static int parse_quality(const char *text)
{
    int quality = *text == '1' ? QUALITY_FULL : 0;

    if (*text++ != '0' || *text++ != '.')
        return quality;
    for (int unit = 100; unit > 0 && *text >= '0' && *text <= '9'; unit /= 10)
        quality += unit * (*text++ - '0');
    return quality;
}

/* "gzip;q=0.5" from text to end: is it about coding, and how much. */
static int quality_of(const char *text, const char *end, const char *coding)
{
    size_t bytes = strlen(coding);
    size_t named = strcspn(text, ";, \t");

    if (named != bytes || strncasecmp(text, coding, bytes) != 0)
        return QUALITY_UNNAMED;
    text += named;
    text += strspn(text, "; \t");
    if (text >= end || (*text != 'q' && *text != 'Q') || text[1] != '=')
        return QUALITY_FULL;
    return parse_quality(text + 2);
}

static int find_quality(const char *text, const char *coding)
{
    int quality = QUALITY_UNNAMED;

    while (*text != '\0' && quality == QUALITY_UNNAMED) {
        text += strspn(text, ", \t");
        const char *end = text + strcspn(text, ",");
        quality = quality_of(text, end, coding);
        text = end;
    }
    return quality;
}

bool pl_gzip_accepted(const char *accept_encoding)
{
    if (accept_encoding == NULL)
        return false;
    int gzip = find_quality(accept_encoding, "gzip");
    if (gzip == QUALITY_UNNAMED)
        gzip = find_quality(accept_encoding, "*");
    return gzip > 0 && gzip >= find_quality(accept_encoding, "identity");
}

struct pl_gzip *pl_gzip_new(unsigned states_max)
{
    struct pl_gzip *gzip = calloc(1, sizeof(*gzip));

    pl_assert(gzip != NULL);
    pthread_mutex_init(&gzip->lock, NULL);
    gzip->max = states_max;
    return gzip;
}

static void free_state(struct state *state)
{
    deflateEnd(&state->stream);
    free(state);
}

void pl_gzip_free(struct pl_gzip *gzip)
{
    while (gzip->states != NULL) {
        struct state *state = gzip->states;
        gzip->states = state->next;
        free_state(state);
    }
    pthread_mutex_destroy(&gzip->lock);
    free(gzip);
}

static struct state *new_state(void)
{
    struct state *state = calloc(1, sizeof(*state));

    if (state == NULL)
        return NULL;
    if (deflateInit2(&state->stream, LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK)
        return state;
    free(state);
    return NULL;
}

static struct state *take_state(struct pl_gzip *gzip)
{
    pthread_mutex_lock(&gzip->lock);
    struct state *state = gzip->states;
    if (state != NULL) {
        gzip->states = state->next;
        gzip->count--;
    }
    pthread_mutex_unlock(&gzip->lock);
    return state != NULL ? state : new_state();
}

static void put_state(struct pl_gzip *gzip, struct state *state)
{
    deflateReset(&state->stream);
    pthread_mutex_lock(&gzip->lock);
    bool kept = gzip->count < gzip->max;
    if (kept) {
        state->next = gzip->states;
        gzip->states = state;
        gzip->count++;
    }
    pthread_mutex_unlock(&gzip->lock);
    if (!kept)
        free_state(state);
}

const void *pl_gzip_compress(struct pl_gzip *gzip, const void *data, size_t bytes, struct pl_arena *arena,
                             size_t *ret_bytes)
{
    void *result = pl_arena_try_alloc(arena, bytes);
    struct state *state = result == NULL ? NULL : take_state(gzip);

    if (state == NULL)
        return NULL;
    state->stream.next_in = (Bytef *)data;
    state->stream.avail_in = (uInt)bytes;
    state->stream.next_out = result;
    state->stream.avail_out = (uInt)bytes;
    bool smaller = deflate(&state->stream, Z_FINISH) == Z_STREAM_END;
    size_t left = state->stream.avail_out;
    put_state(gzip, state);
    if (!smaller)
        return NULL;
    *ret_bytes = bytes - left;
    return result;
}
