/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What may stand for a reaction. Any thread. */
#ifndef PL_MESSAGES_EMOJI_H
#define PL_MESSAGES_EMOJI_H

#include <stdbool.h>

/*
 * 1 to PL_EMOJI_BYTES_MAX bytes of valid UTF-8 without blanks, control characters and marks of direction, which begin
 * with something to be seen. Which characters are emojis changes every year, so a short word is one, too.
 */
bool pl_emoji_valid(const char *emoji);

#endif
