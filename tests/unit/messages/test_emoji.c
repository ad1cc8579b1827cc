/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What may stand for a reaction. */
#include <string.h>

#include "base/limits.h"
#include "support/cmocka.h"

#include "messages/emoji.h"

static void assert_all(const char *const *emojis, size_t count, bool valid)
{
    for (size_t i = 0; i < count; i++)
        if (pl_emoji_valid(emojis[i]) != valid)
            fail_msg("number %zu: %s", i, emojis[i]);
}

static void emojis_of_every_kind_are_taken(void **state)
{
    (void)state;
    static const char *const emojis[] = {
        "\U0001F44D",                                                             /* thumbs up */
        "\u2764\uFE0F",                                                           /* heart, as a picture */
        "\U0001F44D\U0001F3FD",                                                   /* with a skin tone */
        "\U0001F3FD",                                                             /* a skin tone */
        "\U0001F469\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466",             /* a family, joined */
        "1\uFE0F\u20E3",                                                          /* a keycap */
        "\U0001F1E9\U0001F1EA",                                                   /* a flag */
        "\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F", /* another, with tags */
        ":party:",
        "+1",
        "ок",
        "\u597D",
    };
    assert_all(emojis, sizeof(emojis) / sizeof(emojis[0]), true);
}

static void what_is_not_seen_is_refused(void **state)
{
    (void)state;
    static const char *const emojis[] = {
        "",         " ",      "a b",    "\t",     "a\n",        "\x1b[2J",     "\x7f",     "\xC2\x85",
        "\xC2\xA0", "\u2003", "\u2028", "\u3000", "\u200B",     "a\u202Eb",    "a\u2066b", "\u200F",
        "\uFEFF",   "\u200D", "\uFE0F", "\u20E3", "\U000E0067", "\U0001F44D ", "\u3164",   "\u2800",
    };
    assert_all(emojis, sizeof(emojis) / sizeof(emojis[0]), false);
}

static void length_is_counted_in_bytes(void **state)
{
    (void)state;
    char emoji[PL_EMOJI_BYTES_MAX + 2];
    memset(emoji, 'a', sizeof(emoji));
    emoji[PL_EMOJI_BYTES_MAX] = '\0';
    assert_true(pl_emoji_valid(emoji));
    emoji[PL_EMOJI_BYTES_MAX] = 'a';
    emoji[PL_EMOJI_BYTES_MAX + 1] = '\0';
    assert_false(pl_emoji_valid(emoji));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(emojis_of_every_kind_are_taken),
        cmocka_unit_test(what_is_not_seen_is_refused),
        cmocka_unit_test(length_is_counted_in_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
