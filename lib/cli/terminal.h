/*
 * What a person sees: whether a descriptor is a terminal, how wide it is, what it can draw. Nothing
 * here says yes of a pipe or a file, so that what goes there depends on nothing but the run.
 */
#ifndef DBR_CLI_TERMINAL_H
#define DBR_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the locale of the environment writes UTF-8. */
bool terminal_utf8(void);
/* A terminal that obeys movements of the cursor: not one of TERM=dumb. */
bool terminal_moves(int fd);
/* The same, and colours are wished for: neither --no-color (no_color) nor NO_COLOR. */
bool terminal_color(int fd, bool no_color);
/* Its width: COLUMNS, else what the terminal says, else 80; 0 where there is no terminal. */
size_t terminal_columns(int fd);

#endif
