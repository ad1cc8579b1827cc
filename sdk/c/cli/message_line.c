/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A message as people see it. */
#include "sdk/c/cli/message_line.h"

#include <stdio.h>

#include "sdk/c/cli/terminal.h"

void pl_message_line_put_ticks(const struct pl_cli *cli, parley_message_status status)
{
    static const char *const ticks[] = {"", "✓", "✓✓", "✓✓ read", "expired"};
    bool is_read = status == PARLEY_MESSAGE_STATUS_READ;
    pl_terminal_set_style(stdout, cli->styled, is_read ? PL_STYLE_BLUE : PL_STYLE_DIM);
    fputs((unsigned)status < sizeof ticks / sizeof ticks[0] ? ticks[status] : "", stdout);
    pl_terminal_set_style(stdout, cli->styled, PL_STYLE_PLAIN);
}

static const char *what_of(parley_entry_kind kind)
{
    switch (kind) {
    case PARLEY_ENTRY_EDIT:
        return " (edited): ";
    case PARLEY_ENTRY_REACTION:
        return " (reacted): ";
    default:
        return ": ";
    }
}

static void put_reactions(const struct pl_cli *cli, const parley_message *message)
{
    for (size_t i = 0; i < message->reaction_count; i++) {
        const parley_reaction_count *reaction = &message->reactions[i];
        fputs("  ", stdout);
        pl_terminal_put_text(stdout, reaction->emoji);
        pl_terminal_set_style(stdout, cli->styled, reaction->mine ? PL_STYLE_BOLD : PL_STYLE_DIM);
        printf(" %d", reaction->count);
        pl_terminal_set_style(stdout, cli->styled, PL_STYLE_PLAIN);
    }
}

void pl_message_line_print(const struct pl_cli *cli, struct pl_names *names, const parley_message *message)
{
    pl_terminal_set_style(stdout, cli->styled, PL_STYLE_DIM);
    pl_terminal_put_time(stdout, message->timestamp_us);
    pl_terminal_set_style(stdout, cli->styled, PL_STYLE_PLAIN);
    putchar(' ');
    pl_terminal_set_style(stdout, cli->styled, PL_STYLE_BOLD);
    pl_names_put(names, stdout, message->sender_id);
    pl_terminal_set_style(stdout, cli->styled, PL_STYLE_PLAIN);
    fputs(what_of(message->kind), stdout);
    pl_terminal_put_body(stdout, message);
    put_reactions(cli, message);
    if (message->status != PARLEY_MESSAGE_STATUS_UNSPECIFIED) {
        fputs("  ", stdout);
        pl_message_line_put_ticks(cli, message->status);
    }
    putchar('\n');
    fflush(stdout);
}
