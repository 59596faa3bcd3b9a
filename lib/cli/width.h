/* How many columns of a terminal a text takes: letters of East Asia and pictures take two, accents
 * that join the letter before take none. The text is UTF-8 of one line; what is no character counts
 * as one column. */
#ifndef DBR_CLI_WIDTH_H
#define DBR_CLI_WIDTH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

size_t width_of(const char *text);
/* The length in bytes of the longest beginning of text that takes at most so many columns, and what
 * it takes. */
size_t width_fit(const char *text, size_t columns, size_t *taken);
/* Appends text, or where it is wider its beginning and "…" (in ASCII "~"), so that it takes at most
 * so many columns. */
void width_add_cut(struct buf *buf, const char *text, size_t columns, bool utf8);
/* Like width_fit, but breaks at a blank where there is one; a text that does not fit gives at least
 * one character. The next line begins at *next. */
size_t width_break(const char *text, size_t columns, size_t *next);

#endif
