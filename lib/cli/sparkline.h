/* A row of small bars, one character each, in the characters that the terminal has. */
#ifndef DBR_CLI_SPARKLINE_H
#define DBR_CLI_SPARKLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define SPARKLINE_NONE (-1.0) /* a column without a value: a blank */
#define SPARKLINE_BAD (-2.0)  /* a column that is to be marked */

/* Appends one character for each value; the bars' height is by the largest. Lines drawn with
 * utf8 false are plain ASCII. */
void sparkline_add(struct buf *line, const double *values, size_t count, bool utf8);

#endif
